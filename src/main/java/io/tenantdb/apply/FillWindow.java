package io.tenantdb.apply;

import java.util.Optional;

/**
 * A stretch of time in which every bucket that has a row of some chunks of the source lies whole.
 *
 * @param from its begin, as text of the aggregate's time type; from the beginning when empty
 * @param to its end, exclusive; without end when empty
 * @param reached how far the rows are counted in once it is filled, for people
 */
record FillWindow(Optional<String> from, Optional<String> to, String reached) {}
