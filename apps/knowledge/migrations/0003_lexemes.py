"""Words to lexemes, in the database, which has the stemmers; the model that is there from the start."""

from typing import Any

from django.db import migrations

# A word is left out when the first dictionary knows it as too common; the others may add stems of their own.
LEXEMES = """
CREATE FUNCTION knowledge_lexemes(words text[], dictionaries text[]) RETURNS TABLE (word text, lexeme text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT DISTINCT w.word, l.lexeme
    FROM unnest(words) AS w (word)
    CROSS JOIN LATERAL unnest(dictionaries) WITH ORDINALITY AS d (dictionary, place)
    CROSS JOIN LATERAL unnest(ts_lexize(d.dictionary::regdictionary, w.word)) AS l (lexeme)
    WHERE ts_lexize(dictionaries[1]::regdictionary, w.word) <> '{}'
$$;
"""


def add_local_model(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("knowledge", "EmbeddingModel")
    model.objects.get_or_create(key="all-MiniLM-L6-v2", defaults={"provider": "local", "dim": 384})


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0002_row_security")]

    operations = [
        migrations.RunSQL(LEXEMES, "DROP FUNCTION knowledge_lexemes(text[], text[])"),
        migrations.RunPython(add_local_model, migrations.RunPython.noop),
    ]
