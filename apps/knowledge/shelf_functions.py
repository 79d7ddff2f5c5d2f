"""The functions that ask the full-text index of one shelf.

Under row-level security PostgreSQL uses no full-text index, because the search operator is not known to be silent
about rows one may not see. These functions ask it on behalf of the current business and name rows of no other. Each
shelf has its own, so that PostgreSQL plans them once a connection.
"""

TEXT_ARGUMENTS = (
    "business uuid, tag text, words text[], dictionaries text[], total integer, mean_tokens float8, facets tsquery,"
    " collections uuid[], since timestamptz, until timestamptz, budget integer, most integer, every boolean"
)
KEPT_ARGUMENTS = "business uuid, facets tsquery, collections uuid[], since timestamptz, until timestamptz, most integer"

# A chunk scores the sum over the words it holds of their inverse document frequency, as a share of that of all words
# asked for, times BM25's factor for its length, 1 at the mean (Robertson and Zaragoza 2009, k1 = 1.2, b = 0.75, each
# word counted once), at most 1. Words are looked up rarest first, while what that costs is within `budget`: a unit is a
# row that is read. With `every`, all chunks of a word are read (known of common words from knowledge_term), and where
# every word is too common, those that hold all of them. Else a common word is asked for in company of another: the
# index meets a tenth of the cost of reading a row for each chunk that has it, and rows that hold one common word alone,
# which are most, are never read, for their share is next to nothing beside the nearest in meaning. Where that finds
# nothing, they are read after all. OFFSET 0 keeps the business out of the choice of index: the tag in the terms is more
# selective.
_FUNCTIONS = """
CREATE OR REPLACE FUNCTION knowledge_text_hits_{shelf} ({text_arguments}) RETURNS TABLE (id uuid, score float8)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    mine uuid := NULLIF(current_setting('gatehouse.business_id', true), '')::uuid;
    stemmers regdictionary[] := dictionaries::regdictionary[];
    one record;
    asked tsquery[] := '{{}}';
    known integer[] := '{{}}';
    lookups tsquery[];
    together tsquery;
    cost float8;
    spent float8 := 0;
    -- Places of the words that were taken so far in all chunks: what a further one may meet.
    places float8 := 0;
    -- Of the words that are not looked up, what they would be worth.
    beyond float8 := 0;
    -- Where there is little to look through, every word is looked up.
    most_words integer := CASE WHEN total < 2000 THEN 64 ELSE 16 END;
    in_company boolean;
    -- Of double precision: with numbers as PostgreSQL reads them, logarithms would take most of a search's time.
    half float8 := 0.5;
    met float8 := 0.3;
    steep float8 := 1.2 * 0.75 / (1 + 1.2 * 0.25) / mean_tokens;
BEGIN
    IF mine IS DISTINCT FROM business AND (mine IS NOT NULL OR current_setting('role') = 'gatehouse_app') THEN
        RETURN;
    END IF;
    -- As knowledge_lexemes does, without its call.
    FOR one IN
        SELECT string_agg(quote_literal(tag || '.' || l.lexeme), ' | ')::tsquery AS query,
            coalesce(sum((
                SELECT t.chunks FROM knowledge_term t WHERE t.business_id = business AND t.lexeme = l.lexeme
            )), 0)::integer AS chunks
        FROM (
            SELECT DISTINCT w.word, x.lexeme FROM unnest(words) AS w (word)
            CROSS JOIN unnest(stemmers) AS d (stemmer)
            CROSS JOIN LATERAL unnest(ts_lexize(d.stemmer, w.word)) AS x (lexeme)
            WHERE ts_lexize(stemmers[1], w.word) <> '{{}}'
        ) AS l
        GROUP BY l.word ORDER BY 2, l.word ~ '[0-9]' DESC, length(l.word) DESC, l.word
    LOOP
        cost := CASE WHEN every THEN greatest(one.chunks, 1)
            ELSE greatest(one.chunks * (met + 2 * places / greatest(total, 1)), 1) END;
        IF spent + cost <= budget AND cardinality(asked) < most_words THEN
            spent := spent + cost;
            places := places + greatest(one.chunks, 10);
            asked := asked || one.query;
            known := known || one.chunks;
        ELSIF asked = '{{}}' AND every THEN
            together := coalesce(together && one.query, one.query);
        ELSIF one.chunks > 0 THEN
            beyond := beyond + ln(1 + (greatest(total, one.chunks) - one.chunks + half) / (one.chunks + half));
        END IF;
    END LOOP;
    IF together IS NOT NULL THEN
        asked := ARRAY[together];
        known := '{{0}}';
    END IF;
    lookups := asked;
    -- The last is the most common.
    in_company := NOT every AND cardinality(asked) > 1 AND known[cardinality(known)] > 0;
    IF in_company THEN
        SELECT array_agg(CASE known[w.place] WHEN 0 THEN w.query ELSE w.query && (
                SELECT string_agg('(' || o.query::text || ')', ' | ')::tsquery
                FROM unnest(asked) WITH ORDINALITY AS o (query, place) WHERE o.place <> w.place
            ) END ORDER BY w.place)
        INTO lookups FROM unnest(asked) WITH ORDINALITY AS w (query, place);
    END IF;
    LOOP
        RETURN QUERY
            WITH hits AS MATERIALIZED (
                SELECT w.place, c.id, c.tokens
                FROM unnest(lookups) WITH ORDINALITY AS w (query, place)
                CROSS JOIN LATERAL (
                    SELECT k.id, k.tokens, k.business_id, k.collection_id, k.created_at FROM knowledge_chunk_{shelf} k
                    WHERE k.terms @@ CASE WHEN facets IS NULL THEN w.query ELSE w.query && facets END OFFSET 0
                ) AS c
                WHERE c.business_id = business AND (collections IS NULL OR c.collection_id = ANY (collections))
                    AND (since IS NULL OR c.created_at >= since) AND (until IS NULL OR c.created_at < until)
            ), worth AS MATERIALIZED (
                SELECT w.place, ln(1 + (greatest(total, w.df) - w.df + half) / (w.df + half)) AS idf
                FROM (
                    SELECT k.place, CASE k.chunks WHEN 0 THEN coalesce(h.chunks, 0) ELSE k.chunks END AS df
                    FROM unnest(known) WITH ORDINALITY AS k (chunks, place)
                    LEFT JOIN (SELECT hits.place, count(*) AS chunks FROM hits GROUP BY 1) AS h USING (place)
                ) AS w
            )
            SELECT h.id, least(1, sum(v.idf) * (1 + mean_tokens * steep) / (1 + min(h.tokens) * steep)
                / (SELECT nullif(sum(idf), 0) + beyond FROM worth)) AS score
            FROM hits h JOIN worth v USING (place)
            GROUP BY h.id ORDER BY 2 DESC, h.id LIMIT most;
        EXIT WHEN FOUND OR NOT in_company;
        in_company := false;
        lookups := asked;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION knowledge_kept_{shelf} ({kept_arguments}) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    mine uuid := NULLIF(current_setting('gatehouse.business_id', true), '')::uuid;
BEGIN
    IF mine IS DISTINCT FROM business AND (mine IS NOT NULL OR current_setting('role') = 'gatehouse_app') THEN
        RETURN;
    END IF;
    IF facets IS NOT NULL THEN
        RETURN QUERY SELECT c.id FROM (
            SELECT k.id, k.business_id, k.collection_id, k.created_at FROM knowledge_chunk_{shelf} k
            WHERE k.terms @@ facets OFFSET 0
        ) AS c
        WHERE c.business_id = business AND (collections IS NULL OR c.collection_id = ANY (collections))
            AND (since IS NULL OR c.created_at >= since) AND (until IS NULL OR c.created_at < until) LIMIT most;
    ELSE
        RETURN QUERY SELECT c.id FROM knowledge_chunk_{shelf} c
        WHERE c.business_id = business AND (collections IS NULL OR c.collection_id = ANY (collections))
            AND c.created_at >= coalesce(since, '-infinity') AND c.created_at < coalesce(until, 'infinity') LIMIT most;
    END IF;
END $$;
"""


def create_functions(shelf: int) -> str:
    """SQL that makes the functions of a shelf, or puts these in their place."""
    return _FUNCTIONS.format(shelf=shelf, text_arguments=TEXT_ARGUMENTS, kept_arguments=KEPT_ARGUMENTS)


def drop_functions(shelf: int) -> str:
    return f"DROP FUNCTION IF EXISTS knowledge_text_hits_{shelf}; DROP FUNCTION IF EXISTS knowledge_kept_{shelf};"
