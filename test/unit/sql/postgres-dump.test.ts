import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tidyPostgresDump } from '../../../src/sql/postgres-dump.ts'

const head = (version: string, more: string) => `--
-- PostgreSQL database dump
--

\\restrict ${version}abc

-- Dumped from database version ${version}
-- Dumped by pg_dump version ${version}

SET statement_timeout = 0;
SET lock_timeout = 0;
${more}SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET client_min_messages = warning;

--
-- Name: app; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA app;

`
const body = `CREATE FUNCTION app.f() RETURNS void
    LANGUAGE sql
    AS $$
SET lock_timeout = 0;


-- Dumped by me
select 'CREATE SCHEMA app;';
$$;

CREATE FUNCTION app.g() RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT 1;
 SELECT 2;
END;
`
const foot = '\n\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n'
const tidied = `SET LOCAL standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', true);
SET LOCAL check_function_bodies = false;

-- Name: app; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA`

test('the same from two versions of pg_dump; function bodies are left alone', () => {
  const older = tidyPostgresDump(head('14.1', '') + body + foot, 'public')
  assert.equal(older, `${tidied} app;\n\n${body}`)
  const newer = head('18.3', 'SET idle_in_transaction_session_timeout = 0;\nSET transaction_timeout = 0;\n')
  assert.equal(tidyPostgresDump(newer + body + foot, 'public'), older)
})

test('the schema of the history is there before', () => {
  const text = tidyPostgresDump(head('14.1', '') + body + foot, 'app')
  assert.equal(text, `${tidied} IF NOT EXISTS app;\n\n${body}`)
  assert.equal(tidyPostgresDump('CREATE SCHEMA "a""b";', 'a"b'), 'CREATE SCHEMA IF NOT EXISTS "a""b";\n')
  assert.equal(tidyPostgresDump('CREATE SCHEMA "A";', 'a'), 'CREATE SCHEMA "A";\n')
})
