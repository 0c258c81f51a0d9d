package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.desired.Resolution;
import io.tenantdb.fleet.NamesCampaign.Live;
import io.tenantdb.fleet.NamesCampaign.Pass;
import io.tenantdb.fleet.NamesCampaign.Served;
import io.tenantdb.model.Canonical;
import io.tenantdb.model.Change;
import io.tenantdb.model.Dependencies;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Promised;
import io.tenantdb.model.TenantHistory;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import io.tenantdb.plan.Planner;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Names that change hands, over a catalog in memory: {@code -Dtenantdb.names.draws} says how many
 * draws, {@code -Dtenantdb.names.seed} which is the first.
 */
class NamesTest {

  private static final int DRAWS = Integer.getInteger("tenantdb.names.draws", 300);
  private static final long SEED =
      Long.getLong("tenantdb.names.seed", System.currentTimeMillis() % 1_000_000_000L);

  @Test
  void everyDrawConvergesOrSaysWhatIsToBeDone() {
    int told = 0;
    int changes = 0;
    for (long seed = SEED; seed < SEED + DRAWS; seed++) {
      NamesCampaign campaign = new NamesCampaign(seed, new InMemory(new Random(seed)));
      try {
        campaign.run();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(campaign.story() + e, e);
      }
      told += campaign.told();
      changes += campaign.changes();
    }
    System.out.printf(
        "%d draws of names from seed %d: %d changes, %d findings acted on%n",
        DRAWS, SEED, changes, told);
    assertThat(changes).isGreaterThan(DRAWS);
  }

  /** The engine's rounds, with a process that is killed now and then. */
  private static final class InMemory implements NamesCampaign.Site {
    private final NamesCatalog catalog = new NamesCatalog();
    private final Random random;
    private Optional<Desired> converged = Optional.empty();

    InMemory(Random random) {
      this.random = random;
    }

    @Override
    public void person(String sql) {
      catalog.person(sql);
    }

    @Override
    public Map<String, String> publicIndexes() {
      return catalog.publicIndexes();
    }

    @Override
    public Set<String> relations() {
      return catalog.relations();
    }

    @Override
    public boolean isSequence(String name) {
      return catalog.isSequence(name);
    }

    @Override
    public Set<String> views() {
      return catalog.views();
    }

    @Override
    public List<Live> indexes() {
      return catalog.indexes().entrySet().stream()
          .map(
              e ->
                  new Live(
                      e.getValue().oid(),
                      e.getKey(),
                      e.getValue().table(),
                      e.getValue().body().text(),
                      e.getValue().valid(),
                      e.getValue().comment()))
          .toList();
    }

    @Override
    public Pass pass(Desired desired, Set<Served> serving) {
      Set<Attempts.Key> tried = new HashSet<>();
      List<Change> done = new ArrayList<>();
      int max =
          3 + desired.aggregates().size() + (desired.safety().prune() == Prune.OWNED_ONLY ? 3 : 0);
      TenantPlan plan = plan(desired);
      for (int round = 0; round < max; round++) {
        boolean any = false;
        List<Change> left = new ArrayList<>();
        for (Change change : plan.changes()) {
          boolean possible =
              left.stream().noneMatch(earlier -> Dependencies.needs(change, earlier));
          if (possible && tried.add(Attempts.Key.of(change))) {
            any = true;
            if (!carryOut(change, serving)) {
              return new Pass(TenantState.FAILED, List.of(), List.of(change), done, true);
            }
            done.add(change);
          } else {
            left.add(change);
          }
        }
        plan = plan(desired);
        if (!any) {
          break;
        }
      }
      if (plan.state() == TenantState.SYNCED) {
        converged = Optional.of(desired);
      }
      return new Pass(plan.state(), plan.findings(), plan.changes(), done, false);
    }

    /** Returns false where the process is killed in it. */
    private boolean carryOut(Change change, Set<Served> serving) {
      for (Runnable step : catalog.steps(change, random.nextBoolean())) {
        if (random.nextInt(60) == 0) {
          return false;
        }
        step.run();
        assertThat(NamesCampaign.lost(serving, indexes())).as(change.toString()).isEmpty();
      }
      return true;
    }

    private TenantPlan plan(Desired desired) {
      Observed observed = catalog.observed(desired);
      Canonical canonical = catalog.canonical(desired, observed);
      // Whether it had converged is known to a process that was not restarted since.
      boolean known = converged.equals(Optional.of(desired)) && random.nextInt(4) > 0;
      TenantHistory history = new TenantHistory(Set.of(), (schema, declaration) -> known);
      TenantPlan plan =
          new Planner(desired, observed, canonical, history)
              .plan(Resolution.tenants(desired))
              .tenants()
              .get(0);
      Set<String> names = new HashSet<>();
      catalog.relations().forEach(name -> names.add(Promised.name(NamesCatalog.SCHEMA, name)));
      assertThat(Promised.twice(plan.changes(), names, Map.of())).isEmpty();
      return plan;
    }
  }
}
