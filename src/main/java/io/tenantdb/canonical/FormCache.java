package io.tenantdb.canonical;

import io.tenantdb.model.Canonical.IndexKey;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.CanonicalIndex.Unknown;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Canonical forms, kept for a while: renaming a function or a type changes what is printed and
 * leaves no trace in the key. A refusal is asked again soon, because a person is mending it.
 */
final class FormCache {
  private static final Duration BUILDABLE = Duration.ofMinutes(10);
  private static final Duration REFUSED = Duration.ofMinutes(1);

  private record Entry(CanonicalIndex form, long since) {}

  private final LongSupplier nanoTime;
  private Map<IndexKey, Entry> entries = new HashMap<>();

  FormCache(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** What is known and not too old. */
  Optional<CanonicalIndex> form(IndexKey key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return Optional.empty();
    }
    Duration limit = entry.form() instanceof Buildable ? BUILDABLE : REFUSED;
    return nanoTime.getAsLong() - entry.since() < limit.toNanos()
        ? Optional.of(entry.form())
        : Optional.empty();
  }

  /** Keeps these with the age that they have, and forgets all others. */
  void keep(Map<IndexKey, CanonicalIndex> forms) {
    long now = nanoTime.getAsLong();
    Map<IndexKey, Entry> kept = new HashMap<>();
    forms.forEach(
        (key, form) -> {
          Entry known = entries.get(key);
          if (known != null && known.form() == form) {
            kept.put(key, known);
          } else if (!(form instanceof Unknown)) {
            kept.put(key, new Entry(form, now));
          }
        });
    entries = kept;
  }
}
