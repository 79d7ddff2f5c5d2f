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
# word counted once), at most 1. Words are looked
# up rarest first, until the chunks they are found in (known of common words from knowledge_term) exceed `budget`; where
# every word is too common and `every` is wanted, the chunks that hold all of them are. OFFSET 0 keeps the business out
# of the choice of index: the tag in the terms is more selective.
_FUNCTIONS = """
CREATE OR REPLACE FUNCTION knowledge_text_hits_{shelf} ({text_arguments}) RETURNS TABLE (id uuid, score float8)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    mine uuid := NULLIF(current_setting('gatehouse.business_id', true), '')::uuid;
    one record;
    asked tsquery[] := '{{}}';
    known integer[] := '{{}}';
    together tsquery;
    spent integer := 0;
    -- Of the words that are not looked up, what they would be worth.
    beyond float8 := 0;
    -- Where there is little to look through, every word is looked up.
    most_words integer := CASE WHEN total < 2000 THEN 64 ELSE 16 END;
    -- Of double precision: with numbers as PostgreSQL reads them, logarithms would take most of a search's time.
    half float8 := 0.5;
    steep float8 := 1.2 * 0.75 / (1 + 1.2 * 0.25) / mean_tokens;
BEGIN
    IF mine IS DISTINCT FROM business AND (mine IS NOT NULL OR current_setting('role') = 'gatehouse_app') THEN
        RETURN;
    END IF;
    FOR one IN
        SELECT string_agg(quote_literal(tag || '.' || l.lexeme), ' | ') AS query,
            coalesce(sum((
                SELECT t.chunks FROM knowledge_term t WHERE t.business_id = business AND t.lexeme = l.lexeme
            )), 0)::integer AS chunks
        FROM knowledge_lexemes(words, dictionaries) l
        GROUP BY l.word ORDER BY 2, l.word ~ '[0-9]' DESC, length(l.word) DESC, l.word
    LOOP
        spent := spent + greatest(one.chunks, 1);
        IF spent <= budget AND cardinality(asked) < most_words THEN
            asked := asked || one.query::tsquery;
            known := known || one.chunks;
        ELSIF asked = '{{}}' AND every THEN
            together := coalesce(together && one.query::tsquery, one.query::tsquery);
        ELSIF one.chunks > 0 THEN
            beyond := beyond + ln(1 + (greatest(total, one.chunks) - one.chunks + half) / (one.chunks + half));
        END IF;
    END LOOP;
    IF together IS NOT NULL THEN
        asked := ARRAY[together];
        known := '{{0}}';
    END IF;
    RETURN QUERY
        WITH hits AS MATERIALIZED (
            SELECT w.place, c.id, c.tokens
            FROM unnest(asked) WITH ORDINALITY AS w (query, place)
            CROSS JOIN LATERAL (
                SELECT k.id, k.tokens, k.business_id, k.collection_id, k.created_at FROM knowledge_chunk_{shelf} k
                WHERE k.terms @@ w.query AND (facets IS NULL OR k.terms @@ facets) OFFSET 0
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
