package io.tenantdb.operator;

import io.tenantdb.model.ChangeResult;
import java.time.Duration;
import java.util.List;

/** Hears what the workers do. Called on their threads; must be quick and must not throw. */
interface WorkerListener {

  /** There is a new snapshot. */
  void changed(ResourceKey resource, Snapshot snapshot);

  /** Something happened that is worth telling once. */
  void noticed(ResourceKey resource, List<Notice> notices);

  /** A build was put off: it waits for somebody, or gave way to somebody. */
  void putOff(ResourceKey resource, ChangeResult result);

  /** A change ended. */
  void ended(ResourceKey resource, ChangeResult result);

  /** A pass ended, one way or the other. */
  void passed(ResourceKey resource, Duration took, boolean reached);
}
