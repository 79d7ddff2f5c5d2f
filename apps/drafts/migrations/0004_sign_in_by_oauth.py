import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_knowledge_and_draft_scopes'),
        ('drafts', '0003_mail_in_and_out'),
    ]

    operations = [
        migrations.AddField(
            model_name='mailbox',
            name='sign_in',
            field=models.CharField(choices=[('password', 'A password'), ('google', 'Google'), ('microsoft', 'Microsoft 365'), ('other', 'Another provider')], default='password', help_text='At both servers; by OAuth 2 where it is no password', max_length=10),
        ),
        migrations.CreateModel(
            name='MailGrant',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('client_id', models.CharField(help_text='Of the application it was given to', max_length=300)),
                ('refresh_token', models.TextField(blank=True, editable=False, help_text='Sealed')),
                ('access_token', models.TextField(blank=True, editable=False, help_text='Sealed')),
                ('renew_after', models.DateTimeField(help_text='From then on the access token is renewed')),
                ('expires_at', models.DateTimeField(help_text='Of the access token')),
                ('given_by', models.CharField(max_length=120)),
                ('given_at', models.DateTimeField()),
                ('renewed_at', models.DateTimeField()),
                ('lost_at', models.DateTimeField(help_text='The provider takes it no longer', null=True)),
                ('lost_words', models.CharField(blank=True, max_length=300)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('mailbox', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='grant', to='drafts.mailbox')),
            ],
        ),
        migrations.CreateModel(
            name='MailApp',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('provider', models.CharField(choices=[('google', 'Google'), ('microsoft', 'Microsoft 365'), ('other', 'Another provider')], max_length=10)),
                ('client_id', models.CharField(max_length=300)),
                ('client_secret', models.TextField(blank=True, editable=False, help_text='Sealed')),
                ('authorize_url', models.CharField(max_length=500)),
                ('token_url', models.CharField(max_length=500)),
                ('scopes', models.CharField(help_text='With spaces between', max_length=1000)),
                ('changed_at', models.DateTimeField(auto_now=True)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
            ],
            options={
                'ordering': ['provider'],
                'constraints': [models.UniqueConstraint(fields=('business', 'provider'), name='mail_app_once')],
            },
        ),
        RowSecurity("drafts_mailgrant"),
        RowSecurity("drafts_mailapp"),
    ]
