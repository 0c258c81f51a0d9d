package io.tenantdb.model;

/**
 * A change that {@code safety} refuses.
 *
 * @param reason {@link Reason#DestructiveDenied}
 */
public record Refusal(Change change, Reason reason) {}
