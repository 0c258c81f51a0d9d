-- What a tenant has, run as its owner with its schema first on the search path.
CREATE TYPE mood AS ENUM ('ok', 'sad', 'so so');
CREATE TYPE pair AS (x int, y int);
CREATE DOMAIN email AS citext CHECK (VALUE LIKE '%@%');
CREATE DOMAIN grade AS int CHECK (VALUE BETWEEN 0 AND 9);
CREATE COLLATION ours FROM "C";
CREATE COLLATION "Ours too" FROM "POSIX";
CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE FUNCTION "Norm Ü"(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE FUNCTION lower(text[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]';
CREATE FUNCTION backwards(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($2, $1)';
CREATE TABLE items (
  id bigint NOT NULL, a int, b int, c numeric(10,2), status varchar(20) NOT NULL, name text, cname text COLLATE "C", code char(4),
  gone int, doc jsonb, tags text[], nums int[], at timestamptz, day date, clock time, len interval, span int4range,
  period tstzrange, many datemultirange, spot point, area box, ring polygon, disc circle, addr inet, mac macaddr, uid uuid,
  ok boolean, bits varbit, data bytea, vec tsvector, q tsquery, price money, lsn pg_lsn, mood mood, email email, grade grade,
  pair pair, h hstore, path ltree, label citext, full_name text GENERATED ALWAYS AS (name || ' ' || status) STORED,
  "select" int, "USING" int, " USING btree (a)" int, "order" int, "größe" numeric, "Mixed ""é""" text);
ALTER TABLE items DROP COLUMN gone;
CREATE TABLE things (LIKE items INCLUDING GENERATED);
CREATE TABLE stock (LIKE items INCLUDING GENERATED);
CREATE FUNCTION whole(things) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.a';
INSERT INTO items (id, a, b, status, name, doc, tags, at, day, addr, vec, mood, pair)
  SELECT i, i % 5, i % 3, 's' || i % 4, 'name ' || i, jsonb_build_object('n', i), ARRAY['x', 'y' || i], timestamptz '2024-01-01 00:00Z' + i * interval '1 h',
    date '2024-01-01' + i, '10.0.0.1', to_tsvector('simple', 'word ' || i), 'ok', ROW(i, 1)::pair
  FROM generate_series(1, 40) i;
CREATE TABLE "order" ("from" int, "Where" int);
CREATE TABLE " USING ""t"" (x) WHERE " (" USING hash (x)" int, "ON" int);
CREATE TABLE ééééééééééééééééééééééééééééééé (x int);
