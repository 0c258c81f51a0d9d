package io.tenantdb.database;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Two versions of the operator lock each other out only while these numbers are the same. */
class AdvisoryLockKeyTest {

  @Test
  void keysNeverChange() {
    // 32 bits of: printf 'platform/fruitpak' | sha256sum; printf 'tenant_a\0batches' | sha256sum
    assertThat(AdvisoryLock.Key.pass("platform/fruitpak"))
        .isEqualTo(new AdvisoryLock.Key(0x74646201, 0x02d315eb));
    assertThat(AdvisoryLock.Key.table("tenant_a", "batches"))
        .isEqualTo(new AdvisoryLock.Key(0x74646202, 0x7812f570));
    assertThat(AdvisoryLock.Key.database()).isEqualTo(new AdvisoryLock.Key(0x74646203, 0));
  }

  @Test
  void whereTheSchemaEndsMakesADifference() {
    assertThat(AdvisoryLock.Key.table("a", "bc")).isNotEqualTo(AdvisoryLock.Key.table("ab", "c"));
  }
}
