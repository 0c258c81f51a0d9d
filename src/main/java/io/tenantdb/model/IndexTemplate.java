package io.tenantdb.model;

import java.util.Optional;

/**
 * The same index of many tenants, as reports count it: by what its mark says, not by the name that
 * it happens to bear.
 *
 * @param name the declared one; where none is declared, the name without what is one tenant's only
 * @param declared whether it stands for an index of the spec
 * @param otherName it does so under another name than the one that we would give it
 * @param owner {@code ownerId} of the mark that it bears
 * @param body empty where another session's lock hid it
 */
public record IndexTemplate(
    String table,
    String name,
    boolean declared,
    boolean otherName,
    Optional<String> owner,
    Optional<IndexBody> body) {}
