package io.tenantdb.model;

/**
 * A change that {@code safety} refuses.
 *
 * @param reason {@link Reason#DestructiveDenied}, {@link Reason#Conflict} where it would take
 *     somebody else's object over, {@link Reason#DriftReported}
 */
public record Refusal(Change change, Reason reason) {}
