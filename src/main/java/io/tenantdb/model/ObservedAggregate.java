package io.tenantdb.model;

import java.util.List;
import java.util.Optional;

/**
 * A live relation under a declared aggregate's name that is a continuous aggregate or a
 * materialized view.
 *
 * @param oid of the view
 * @param definition its query as PostgreSQL prints it; empty where another session holds it locked
 * @param populated false for a materialized view that was made WITH NO DATA and never refreshed
 * @param materializedOnly {@code timescaledb.materialized_only} of a continuous aggregate
 * @param materialization where a continuous aggregate keeps its rows; empty for a materialized view
 * @param jobs refresh policies of a continuous aggregate: TimescaleDB 2.21 and later allow several
 * @param comment the whole comment, the mark included; empty text where there is none
 * @param mark the mark in the comment
 * @param integerNow what tells the present of the time column of what a continuous aggregate reads,
 *     through all aggregates below it
 * @param unreadable relations, columns and functions of its query that its owner may not read or
 *     call: then no refresh can be
 */
public record ObservedAggregate(
    long oid,
    String name,
    Kind kind,
    String owner,
    Optional<ViewText> definition,
    boolean populated,
    boolean materializedOnly,
    Optional<Materialization> materialization,
    List<RefreshJob> jobs,
    String comment,
    Optional<Mark> mark,
    IntegerNow integerNow,
    List<String> unreadable) {

  public ObservedAggregate {
    jobs = List.copyOf(jobs);
    unreadable = List.copyOf(unreadable);
  }

  /** Nothing keeps it from being refreshed. */
  public ObservedAggregate(
      long oid,
      String name,
      Kind kind,
      String owner,
      Optional<ViewText> definition,
      boolean populated,
      boolean materializedOnly,
      Optional<Materialization> materialization,
      List<RefreshJob> jobs,
      String comment,
      Optional<Mark> mark) {
    this(
        oid,
        name,
        kind,
        owner,
        definition,
        populated,
        materializedOnly,
        materialization,
        jobs,
        comment,
        mark,
        IntegerNow.NOT_NEEDED,
        List.of());
  }

  /** What sort of relation it is. */
  public enum Kind {
    CONTINUOUS,
    MATERIALIZED_VIEW
  }

  /**
   * The hypertable that keeps a continuous aggregate's rows.
   *
   * @param id in TimescaleDB's catalog
   */
  public record Materialization(int id, String schema, String table) {}

  /**
   * A refresh policy's job.
   *
   * @param startOffset empty where the window begins at the beginning (NULL)
   * @param endOffset empty where the window has no end (NULL)
   * @param every schedule interval
   * @param scheduled false where a person paused it
   * @param owner the role that it runs as
   * @param mark {@code managed_by} of its config
   * @param state what keeps it from running
   */
  public record RefreshJob(
      int id,
      Optional<TimeSpan> startOffset,
      Optional<TimeSpan> endOffset,
      String every,
      boolean scheduled,
      String owner,
      Optional<Mark> mark,
      JobState state) {

    /** Nothing keeps it from running. */
    public RefreshJob(
        int id,
        Optional<TimeSpan> startOffset,
        Optional<TimeSpan> endOffset,
        String every,
        boolean scheduled,
        String owner,
        Optional<Mark> mark) {
      this(id, startOffset, endOffset, every, scheduled, owner, mark, JobState.SOUND);
    }
  }
}
