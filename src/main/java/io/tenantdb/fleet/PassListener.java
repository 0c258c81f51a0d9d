package io.tenantdb.fleet;

import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Plan;

/** Hears how a pass goes on. Called from several threads; must be quick and must not throw. */
public interface PassListener {

  /** Hears nothing. */
  PassListener NONE = new PassListener() {};

  /** The first thing in a pass: what is live, and what is to be done about it. */
  default void planned(Observed observed, Plan plan) {}

  /** A change starts. */
  default void started(Change change) {}

  /** A build that takes longer tells how far it is, about once a second. */
  default void progress(BuildProgress progress) {}

  /**
   * A build that waits for somebody, or gave way to somebody, was put off; it comes back in this
   * pass.
   */
  default void putOff(ChangeResult result) {}

  /** A change ended. */
  default void finished(ChangeResult result) {}
}
