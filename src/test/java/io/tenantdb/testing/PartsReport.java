package io.tenantdb.testing;

import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestPlan;

/** Prints at the end of a test run which real parts it used, and what it left untried. */
public final class PartsReport implements TestExecutionListener {

  @Override
  public void testPlanExecutionFinished(TestPlan plan) {
    if (!Parts.silent()) {
      Parts.report().forEach(System.out::println);
    }
  }
}
