// Statements that this build of PostgreSQL cannot run, said in a way that it can.

const NAME = String.raw`(?:"(?:[^"]|"")*"|[\w$]+)(?:\s*\.\s*(?:"(?:[^"]|"")*"|[\w$]+))?`
const COMMENTS = String.raw`\s*(?:\/\*[\s\S]*?\*\/\s*|--[^\n]*\n\s*)*`
const CREATE_CONCURRENTLY = new RegExp(`^(${COMMENTS}create\\s+(?:unique\\s+)?index)\\s+concurrently\\b`, 'i')
const DROP_CONCURRENTLY = new RegExp(`^(${COMMENTS}drop\\s+index)\\s+concurrently\\b`, 'i')
const REINDEX_CONCURRENTLY =
  new RegExp(`^(${COMMENTS}reindex\\s+(?:\\([^)]*\\)\\s*)?(?:index|table|schema))\\s+concurrently\\b`, 'i')
const ON_TABLE = new RegExp(`\\bon\\s+(?:only\\s+)?(${NAME})`, 'i')
const PER_CHUNK = String.raw`timescaledb\.transaction_per_chunk(?:\s*=\s*\w+)?`
const TRANSACTION_PER_CHUNK =
  new RegExp(`\\bwith\\s*\\(\\s*${PER_CHUNK}\\s*\\)|,\\s*${PER_CHUNK}|${PER_CHUNK}\\s*,`, 'i')
const RUN_JOB = /\bcall\s+(?:[\w"]+\s*\.\s*)?"?run_job\b/i
const RESET_AUTHORIZATION = /^\s*reset\s+(session\s+)?authorization\s*;?\s*$/i
const RESET_SEARCH_PATH = /^\s*(reset\s+search_path|set\s+search_path\s*(=|to)\s*default)\s*;?\s*$/i
const SHOWS_LICENSE = /^\s*show\s+timescaledb\.license\s*;?\s*$/i
const READS_LICENSE = /\bcurrent_setting\('timescaledb\.license'(?:,\s*true)?\)/gi
const RESET_ALL = /^\s*reset\s+all\s*;?\s*$/i

/** What a fresh session must have: PGlite boots with debug messages, pg_catalog as the only schema and no sequential scans. */
export const BASE_SETTINGS =
  'set client_min_messages=notice; set enable_seqscan=on; set search_path="$user", public'

const IS_HYPERTABLE = `
  select 1 from _timescaledb_catalog.hypertable
  where format('%I.%I', schema_name, table_name)::regclass = to_regclass($1)`
const IS_HYPERTABLE_INDEX = `
  select 1
  from pg_index i
  join pg_class c on c.oid = i.indrelid
  join pg_namespace n on n.oid = c.relnamespace
  join _timescaledb_catalog.hypertable h on h.schema_name = n.nspname and h.table_name = c.relname
  where i.indexrelid = to_regclass($1)`

/**
 * The statement to run instead of `statement`.
 *
 * A concurrent index build fails in this build at its last step and leaves a catalog that nothing
 * repairs (electric-sql/pglite#901), so CONCURRENTLY is taken off wherever the build would begin.
 * Where PostgreSQL or TimescaleDB refuses the statement first, it is left as it is.
 *
 * @param session whose statement it is: its transaction status and user
 * @param query runs the front's own queries
 */
export async function rewrite(statement, session, query) {
  const inTransaction = session.status !== 'I'
  if (session.license === 'apache') statement = withLicense(statement)
  if (inTransaction && RUN_JOB.test(statement)) {
    // A job that commits inside a subtransaction damages the heap, and the server dies some
    // statements later. A real one answers a committing job this way.
    return "do $$begin raise exception using errcode='2D000', message='invalid transaction termination'; end$$"
  }
  const several = /;\s*\S/.test(statement)
  if (inTransaction || several) return statement
  // RESET goes to the boot settings, and RESET SESSION AUTHORIZATION stays on the other role.
  if (RESET_AUTHORIZATION.test(statement)) return `set session authorization ${quoted(session.user)}`
  if (RESET_SEARCH_PATH.test(statement)) return 'set search_path="$user", public'
  if (RESET_ALL.test(statement)) return `do $$begin reset all; ${BASE_SETTINGS}; end$$`

  const finds = (sql, name) => name && query(sql, [name]).then(rows => rows.length > 0, () => false)
  if (CREATE_CONCURRENTLY.test(statement)) {
    const table = ON_TABLE.exec(statement)?.[1]
    return await finds(IS_HYPERTABLE, table) ? statement : statement.replace(CREATE_CONCURRENTLY, '$1')
  }
  if (DROP_CONCURRENTLY.test(statement)) {
    const rest = statement.replace(DROP_CONCURRENTLY, '').replace(/^\s*if\s+exists\b/i, '')
    const index = new RegExp(NAME).exec(rest)?.[0]
    return await finds(IS_HYPERTABLE_INDEX, index) ? statement : statement.replace(DROP_CONCURRENTLY, '$1')
  }
  return statement.replace(REINDEX_CONCURRENTLY, '$1').replace(TRANSACTION_PER_CHUNK, '')
}

// Without the TSL module this build behaves as under the Apache licence, but the setting cannot be changed after the boot.
function withLicense(statement) {
  if (SHOWS_LICENSE.test(statement)) return `select 'apache' as "timescaledb.license"`
  return statement.replace(READS_LICENSE, "'apache'::text")
}

export const quoted = name => `"${name.replace(/"/g, '""')}"`
