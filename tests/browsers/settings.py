"""How browsers are set up: as they come, and as somebody does who wants to get round. Values only."""

from __future__ import annotations

import json

from tests.browsers.visit import Setting
from tests.browsers.world import DOH, OWN_NAME

CHROME_DOH = "https://chrome.cloudflare-dns.com/dns-query"
MOZILLA_DOH = "https://mozilla.cloudflare-dns.com/dns-query"
GOOGLE_DOH = "https://dns.google/dns-query"


def _chosen(template: str) -> Setting:
    """Return Chromium with "Use secure DNS" on and a provider chosen."""
    return Setting("chromium", {"dns_over_https": {"mode": "secure", "templates": template}})


CHROMIUM = Setting("chromium")
CHROMIUM_CHOSEN = _chosen(CHROME_DOH)
CHROMIUM_OWN_NAME = _chosen(f"https://{OWN_NAME}/dns-query")
CHROMIUM_ADDRESS = _chosen(f"https://{DOH[OWN_NAME]}/dns-query")
CHROMIUM_POLICY = Setting(
    "chromium", policies={"DnsOverHttpsMode": "secure", "DnsOverHttpsTemplates": GOOGLE_DOH}
)

FIREFOX = Setting(
    "firefox",
    {  # what its maker sends it in countries where it uses DoH by itself, unless the network says no
        "doh-rollout.enabled": True,
        "doh-rollout.home-region": "US",
        "doh-rollout.provider-list": json.dumps([{"uri": MOZILLA_DOH, "autoDefault": True}]),
    },
)
FIREFOX_FIRST = Setting("firefox", {"network.trr.mode": 2, "network.trr.uri": MOZILLA_DOH})
FIREFOX_ONLY = Setting("firefox", {"network.trr.mode": 3, "network.trr.uri": MOZILLA_DOH})
FIREFOX_POLICY = Setting(
    "firefox",
    policies={"DNSOverHTTPS": {"Enabled": True, "ProviderURL": MOZILLA_DOH, "Fallback": False}},
)
