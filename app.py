"""Wangge 网格: makes the Chalice application and registers its blueprints. No logic here."""

from chalice.app import Chalice

from chalicelib.handlers.alert import alert
from chalicelib.handlers.api import api
from chalicelib.handlers.area_figures import area_figures
from chalicelib.handlers.authorizer import authorizer
from chalicelib.handlers.case_files import case_files
from chalicelib.handlers.clocks import clocks
from chalicelib.handlers.due import due
from chalicelib.handlers.figures import figures
from chalicelib.handlers.hooks import hooks
from chalicelib.handlers.http import in_contract_words
from chalicelib.handlers.imports import imports
from chalicelib.handlers.law_house import law_house
from chalicelib.handlers.matters import matters
from chalicelib.handlers.network import network
from chalicelib.handlers.notices import notices
from chalicelib.handlers.panel import panel
from chalicelib.handlers.patrols import patrols
from chalicelib.handlers.relay import relay
from chalicelib.handlers.saved_views import saved_views
from chalicelib.handlers.seal import seal
from chalicelib.handlers.sweep import sweep
from chalicelib.handlers.uploads import uploads
from chalicelib.handlers.vault import vault

app = Chalice(app_name="wangge", configure_logs=False)
app.register_middleware(in_contract_words, "http")

for blueprint in (
    authorizer, api, notices, network, imports, hooks, vault, patrols, saved_views, area_figures, relay, alert, sweep,
    due, uploads, seal, figures, case_files, clocks, panel, law_house, matters,
):  # fmt: skip
    app.register_blueprint(blueprint)
