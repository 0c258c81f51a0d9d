package io.tenantdb.model;

import java.util.Optional;
import java.util.Set;

/**
 * One index of one declared table.
 *
 * @param body its definition without name and table ({@link IndexBody}); empty where it could not
 *     be read because another session holds the table locked
 * @param valid {@code indisvalid}
 * @param building a live session is building it, or dropping it concurrently
 * @param constraint the constraint that it stands behind
 * @param uniqueColumns key columns of a unique index, by name; empty for others
 * @param comment the whole comment, the mark included; empty text where there is none
 * @param mark the mark in the comment, where it is about this table
 */
public record ObservedIndex(
    long oid,
    String name,
    Optional<IndexBody> body,
    boolean valid,
    boolean building,
    Optional<String> constraint,
    Set<String> uniqueColumns,
    String comment,
    Optional<Mark> mark) {}
