package io.tenantdb.model;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The hypertable side of a table.
 *
 * @param timeColumn its first, open dimension
 * @param integerTime whether that column is an integer
 * @param chunkInterval interval text, or a whole number for integer time
 * @param compressionEnabled whether {@code timescaledb.compress} is set
 * @param segmentBy live {@code compress_segmentby}; empty where TimescaleDB chooses it
 * @param orderBy live {@code compress_orderby}; empty where TimescaleDB chooses it
 * @param chunks number of chunks; read only where {@code hypertables} of the spec declares it
 * @param oldestChunkEnd end of the oldest chunk; empty without chunks and for integer time
 * @param jobs its compression and retention jobs
 * @param dimensions columns of all its dimensions, that of time among them: a unique index has them
 *     all among its keys
 * @param integerNow what tells the present of its time column
 */
public record ObservedHypertable(
    String timeColumn,
    boolean integerTime,
    TimeSpan chunkInterval,
    boolean compressionEnabled,
    Optional<List<String>> segmentBy,
    Optional<List<OrderBy>> orderBy,
    long chunks,
    Optional<Instant> oldestChunkEnd,
    List<Job> jobs,
    Set<String> dimensions,
    IntegerNow integerNow) {

  public ObservedHypertable {
    jobs = List.copyOf(jobs);
    dimensions = Set.copyOf(dimensions);
  }

  /** Integer time has its function. */
  public ObservedHypertable(
      String timeColumn,
      boolean integerTime,
      TimeSpan chunkInterval,
      boolean compressionEnabled,
      Optional<List<String>> segmentBy,
      Optional<List<OrderBy>> orderBy,
      long chunks,
      Optional<Instant> oldestChunkEnd,
      List<Job> jobs,
      Set<String> dimensions) {
    this(
        timeColumn,
        integerTime,
        chunkInterval,
        compressionEnabled,
        segmentBy,
        orderBy,
        chunks,
        oldestChunkEnd,
        jobs,
        dimensions,
        integerTime ? IntegerNow.SET : IntegerNow.NOT_NEEDED);
  }

  /** Partitioned by time alone. */
  public ObservedHypertable(
      String timeColumn,
      boolean integerTime,
      TimeSpan chunkInterval,
      boolean compressionEnabled,
      Optional<List<String>> segmentBy,
      Optional<List<OrderBy>> orderBy,
      long chunks,
      Optional<Instant> oldestChunkEnd,
      List<Job> jobs) {
    this(
        timeColumn,
        integerTime,
        chunkInterval,
        compressionEnabled,
        segmentBy,
        orderBy,
        chunks,
        oldestChunkEnd,
        jobs,
        Set.of(timeColumn));
  }

  /**
   * The job of the policy, where there is one. TimescaleDB allows one of each kind per hypertable.
   */
  public Optional<Job> job(PolicyKind kind) {
    return jobs.stream().filter(job -> job.kind() == kind).findFirst();
  }

  /**
   * A policy's job.
   *
   * @param after {@code compress_after} or {@code drop_after}: interval text, or a whole number;
   *     empty where the job is of another kind ({@code compress_created_before}, {@code
   *     drop_created_before})
   * @param every schedule interval
   * @param scheduled false where a person paused it
   * @param owner the role that it runs as
   * @param mark {@code managed_by} of its config
   * @param state what keeps it from running
   */
  public record Job(
      int id,
      PolicyKind kind,
      Optional<TimeSpan> after,
      String every,
      boolean scheduled,
      String owner,
      Optional<Mark> mark,
      JobState state) {

    /** Nothing keeps it from running. */
    public Job(
        int id,
        PolicyKind kind,
        Optional<TimeSpan> after,
        String every,
        boolean scheduled,
        String owner,
        Optional<Mark> mark) {
      this(id, kind, after, every, scheduled, owner, mark, JobState.SOUND);
    }
  }
}
