package io.tenantdb.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Canonical.IndexKey;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.CanonicalIndex.Refused;
import io.tenantdb.model.CanonicalIndex.Unknown;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Reason;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class FormCacheTest {
  private static final IndexKey KEY = new IndexKey("columns", "", "spec");
  private static final IndexBody BODY = new IndexBody(false, "USING btree (a)");
  private static final CanonicalIndex BUILDABLE = new Buildable(BODY, Set.of(BODY));

  private final AtomicLong now = new AtomicLong();
  private final FormCache<IndexKey, CanonicalIndex> cache =
      new FormCache<>(now::get, Buildable.class, Unknown.class);

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  @Test
  void keepsAFormForTenMinutesHoweverOftenItIsUsed() {
    cache.keep(Map.of(KEY, BUILDABLE));
    for (int i = 0; i < 9; i++) {
      pass(Duration.ofMinutes(1));
      cache.keep(Map.of(KEY, cache.form(KEY).orElseThrow()));
    }
    pass(Duration.ofMinutes(1));
    assertThat(cache.form(KEY)).isEmpty();
  }

  @Test
  void aRefusalIsAskedAgainAfterAMinute() {
    cache.keep(Map.of(KEY, new Refused(Reason.DefinitionRefused, "42883", "no such function")));
    pass(Duration.ofSeconds(59));
    assertThat(cache.form(KEY)).isPresent();
    pass(Duration.ofSeconds(1));
    assertThat(cache.form(KEY)).isEmpty();
  }

  @Test
  void whatIsUnknownIsAskedAgainAtOnce() {
    cache.keep(Map.of(KEY, new Unknown(Reason.Busy, "locked")));
    assertThat(cache.form(KEY)).isEmpty();
  }

  @Test
  void whatNobodyWantsAnyMoreIsForgotten() {
    cache.keep(Map.of(KEY, BUILDABLE));
    cache.keep(Map.of());
    assertThat(cache.form(KEY)).isEmpty();
  }
}
