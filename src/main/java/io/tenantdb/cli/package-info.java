/**
 * The command line: parses, calls the engine, prints. It decides nothing that the operator would
 * not decide.
 */
package io.tenantdb.cli;
