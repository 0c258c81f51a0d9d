-- FruitPak's tables, as its application makes them in every tenant schema. Run once per tenant:
--   CREATE SCHEMA tenant_acme; SET search_path = tenant_acme; \i fruitpak.sql
-- No primary key is on id alone: a hypertable's unique keys must have the time column.

CREATE TABLE batches (
  id            bigint GENERATED ALWAYS AS IDENTITY,
  grower_id     bigint NOT NULL,
  packhouse_id  bigint NOT NULL,
  fruit_type    text NOT NULL,
  net_weight_kg numeric(12, 3) NOT NULL,
  status        varchar(20) NOT NULL DEFAULT 'received',
  harvest_date  date NOT NULL,
  intake_date   timestamptz NOT NULL,
  is_deleted    boolean NOT NULL DEFAULT false,
  PRIMARY KEY (id, intake_date)
);

CREATE TABLE batch_history (
  id          bigint GENERATED ALWAYS AS IDENTITY,
  batch_id    bigint NOT NULL,
  recorded_at timestamptz NOT NULL,
  event       text NOT NULL,
  details     jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (id, recorded_at)
);

CREATE TABLE grower_payments (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  grower_id  bigint NOT NULL,
  amount     numeric(14, 2) NOT NULL,
  paid_date  date NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
