package io.tenantdb.canonical;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Canonical forms, kept for a while: renaming a function or a type changes what is printed and
 * leaves no trace in the key. A refusal is asked again soon, because a person is mending it.
 *
 * @param <K> what a form depends on
 * @param <F> the forms
 */
final class FormCache<K, F> {
  private static final Duration BUILDABLE = Duration.ofMinutes(10);
  private static final Duration REFUSED = Duration.ofMinutes(1);

  private record Entry<F>(F form, long since) {}

  private final Class<? extends F> buildable;
  private final Class<? extends F> unknown;

  private final LongSupplier nanoTime;
  private Map<K, Entry<F>> entries = new HashMap<>();

  /**
   * @param buildable the forms that are kept longest
   * @param unknown the forms that are not kept
   */
  FormCache(LongSupplier nanoTime, Class<? extends F> buildable, Class<? extends F> unknown) {
    this.nanoTime = nanoTime;
    this.buildable = buildable;
    this.unknown = unknown;
  }

  /** What is known and not too old. */
  Optional<F> form(K key) {
    Entry<F> entry = entries.get(key);
    if (entry == null) {
      return Optional.empty();
    }
    Duration limit = buildable.isInstance(entry.form()) ? BUILDABLE : REFUSED;
    return nanoTime.getAsLong() - entry.since() < limit.toNanos()
        ? Optional.of(entry.form())
        : Optional.empty();
  }

  /** Keeps these with the age that they have, and forgets all others. */
  void keep(Map<K, ? extends F> forms) {
    long now = nanoTime.getAsLong();
    Map<K, Entry<F>> kept = new HashMap<>();
    forms.forEach(
        (key, form) -> {
          Entry<F> known = entries.get(key);
          if (known != null && known.form() == form) {
            kept.put(key, known);
          } else if (!unknown.isInstance(form)) {
            kept.put(key, new Entry<>(form, now));
          }
        });
    entries = kept;
  }
}
