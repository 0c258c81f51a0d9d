package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.model.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** When a resource that is being deleted may go. */
class DeletionsTest {
  private static final Instant DELETED = Instant.parse("2026-06-01T00:00:00Z");

  @TestFactory
  Stream<DynamicTest> where_nothing_leads_to_the_database_any_more_it_goes_at_once() {
    return Stream.of(
            Reason.SpecInvalid,
            Reason.SecretNotFound,
            Reason.CertificateAuthorityNotFound,
            Reason.Conflict)
        .map(
            reason ->
                DynamicTest.dynamicTest(
                    reason.name(),
                    () -> {
                      Optional<Notice> over =
                          Deletions.over(
                              resource("Delete"),
                              new Assignment.Blocked(
                                  1, Duration.ofMinutes(1), Problem.of(reason, "It is so.")),
                              Snapshot.NONE,
                              DELETED);
                      assertThat(over)
                          .contains(
                              Notice.warning(
                                  Reason.NotTakenBack,
                                  reason
                                      + ": It is so. What it made in the database stays, with its"
                                      + " marks."));
                    }));
  }

  @TestFactory
  Stream<DynamicTest> a_database_that_may_come_back_is_waited_for_until_the_deadline() {
    return Stream.of(Reason.ConnectionFailed, Reason.AuthenticationFailed, Reason.NotPrimary)
        .map(
            reason ->
                DynamicTest.dynamicTest(
                    reason.name(),
                    () -> {
                      assertThat(over(reason, DELETED.plus(Deletions.DEADLINE).minusSeconds(1)))
                          .isEmpty();
                      assertThat(over(reason, DELETED.plus(Deletions.DEADLINE)))
                          .hasValueSatisfying(
                              notice ->
                                  assertThat(notice.message())
                                      .contains("30 minutes", reason.name()));
                    }));
  }

  @Test
  void a_database_that_is_gone_is_not_waited_for() {
    assertThat(over(Reason.DatabaseNotFound, DELETED)).isPresent();
  }

  @Test
  void what_an_ordinary_pass_saw_is_no_verdict_on_the_deletion() {
    Snapshot before =
        new Snapshot(
            1,
            false,
            false,
            Optional.of(Problem.of(Reason.DatabaseNotFound, "It was so.")),
            Optional.empty(),
            List.of());
    assertThat(Deletions.over(resource("Delete"), Scenes.work(1), before, DELETED)).isEmpty();
    assertThat(before.takenBack()).isFalse();
  }

  private static Optional<Notice> over(Reason reason, Instant now) {
    return Deletions.over(
        resource("Delete"),
        Scenes.work(1),
        new Snapshot(
            1,
            false,
            false,
            Optional.of(Problem.of(reason, "It is so.")),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            true),
        now);
  }

  private static TenantDatabase resource(String policy) {
    return Serialization.unmarshal(
        """
        metadata: {namespace: platform, name: fruit, deletionTimestamp: "%s"}
        spec: {safety: {deletionPolicy: %s}}
        """
            .formatted(DELETED, policy),
        TenantDatabase.class);
  }
}
