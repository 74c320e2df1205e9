"""However people name a site, it is one site."""

import pytest

from core.site_names import is_site_of_network, near_sites, site_host, site_name

NAMES = {
    "stats": [
        "stats",
        "Stats",
        " STATS ",
        "stats.stackexchange.com",
        "stats.stackexchange",
        "https://stats.stackexchange.com",
        "https://stats.stackexchange.com/",
        "http://Stats.StackExchange.com/questions/1?tab=new#top",
        "//stats.stackexchange.com",
        "www.stats.stackexchange.com",
        "m.stats.stackexchange.com",
        "stats.stackexchange.com:443",
        "stats.stackexchange.com.",
        "stats.stackexchange.com.7z",
        "Cross Validated",
        "crossvalidated.stackexchange.com",
        "stats.se",
        "Stats.SE",
        "dumps/stats.stackexchange.com.7z",
        "/data/stats.stackexchange.com/",
        "D:\\dumps\\stats.stackexchange.com",
        "site:stats.stackexchange.com",
        "Cross-Validated",
        '"stats"',
        "'Stats.StackExchange.com' ",
        "https://api.stackexchange.com/2.3/questions?order=desc&site=stats",
    ],
    "stackoverflow": [
        "stackoverflow",
        "StackOverflow",
        "Stack Overflow",
        "stackoverflow.com",
        "www.stackoverflow.com",
        "https://stackoverflow.com/questions/tagged/c%23",
        "stackoverflow.com-Posts.7z",
        "m.stackoverflow.com",
        "stack-overflow",
        "SO",
        "stackoverflow.com-Tags.7z",
        "https://api.stackexchange.com/2.3/questions?site=stackoverflow.com",
    ],
    "ru.stackoverflow": [
        "ru.stackoverflow",
        "ru.stackoverflow.com",
        "https://RU.stackoverflow.com/",
    ],
    "meta": ["meta", "meta.stackexchange.com", "meta.stackexchange"],
    "meta.stackoverflow": ["meta.stackoverflow", "meta.stackoverflow.com", "stackoverflow.meta"],
    "es.meta.stackoverflow": ["es.meta.stackoverflow.com", "meta.es.stackoverflow.com"],
    "math.meta": ["math.meta", "math.meta.stackexchange.com", "meta.math.stackexchange.com"],
    "askubuntu": ["askubuntu.com", "Ask Ubuntu"],
    "meta.askubuntu": ["meta.askubuntu.com"],
    "mathoverflow.net": [
        "mathoverflow",
        "mathoverflow.net",
        "MathOverflow.net",
        "mathoverflow.stackexchange.com",
    ],
    "meta.mathoverflow.net": ["meta.mathoverflow.net", "meta.mathoverflow"],
    "softwareengineering": ["programmers.stackexchange.com", "programmers"],
    "avp": ["video.stackexchange.com", "video"],
    "writing": ["writers.stackexchange.com", "Writing"],
    "datascience": ["Data Science", "data_science"],
    "psychology": ["cogsci.stackexchange.com.7z"],
    "gaming": ["Arqade", "gaming.se", "www.arqade.com"],
    "cooking": ["Seasoned Advice", "https://SeasonedAdvice.com/"],
    "avp.meta": ["video.meta.stackexchange.com", "meta.video.se"],
    "ux.meta": ["meta.ux", "meta.ux.se"],
    "cs.meta": ["meta.cs"],
    "a-made-up.site": ["a-made-up.site"],
    "forum.de": ["forum.de", "https://forum.de/questions"],
    "my.io": ["my.io"],
    "example.co.uk": ["example.co.uk"],
    "my.example.com": ["my.example.com"],
    "video.example.com": ["video.example.com"],
}


OWN = {site for site in NAMES if site.partition(".")[0] in ("a-made-up", "forum", "my", "example")}
OWN.add("video.example.com")


@pytest.mark.parametrize(("name", "given"), [(n, g) for n, all_ in NAMES.items() for g in all_])
def test_every_way_to_name_a_site_is_the_apis_name(name: str, given: str) -> None:
    assert site_name(given) == name
    assert site_name(name) == name


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("stackoverflow.con", "stackoverflow"),
        ("es.stackoverlow.com", "es.stackoverflow"),
        ("stackoverlow.com", "stackoverflow"),
        ("stats.stackexchnge.com", "stats"),
        ("stackexchange.com", ""),
        ("https://stackoverflow.com/c/my-team", ""),
        ("stackoverflowteams.com/c/my-team/questions", ""),
        ("chat.stackexchange.com", ""),
        ("mathoverflow.org", ""),
        ("", ""),
        ("https://", ""),
        ("stackoverflow.blog", ""),
        ("-x", ""),
        ("two words", ""),
        ("a/b", ""),
        ("../etc", ""),
        ("st\u00e4ts", ""),
        ("a" * 200, ""),
    ],
)
def test_what_is_no_site_is_refused_with_what_may_have_been_meant(wrong: str, near: str) -> None:
    with pytest.raises(
        ValueError, match=f"near matches: .*{near}" if near else r"is no|private team"
    ):
        site_name(wrong)


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ("stats", "stats.stackexchange.com"),
        ("stackoverflow", "stackoverflow.com"),
        ("ru.stackoverflow", "ru.stackoverflow.com"),
        ("math.meta", "math.meta.stackexchange.com"),
        ("mathoverflow.net", "mathoverflow.net"),
        ("meta.mathoverflow.net", "meta.mathoverflow.net"),
        ("avp", "video.stackexchange.com"),
        ("avp.meta", "video.meta.stackexchange.com"),
        ("softwareengineering", "softwareengineering.stackexchange.com"),
    ],
)
def test_a_sites_address_follows_from_its_name(site: str, host: str) -> None:
    assert site_host(site) == host
    assert site_name(host) == site


@pytest.mark.parametrize("site", sorted(set(NAMES) - OWN))
def test_the_networks_sites_are_known(site: str) -> None:
    assert is_site_of_network(site)


@pytest.mark.parametrize(
    "site", [*sorted(OWN), "statz", "stats.stats", "xx.stackoverflow", "meta.meta.stats", "a.meta"]
)
def test_others_are_not(site: str) -> None:
    assert not is_site_of_network(site)


def test_names_are_near_by_their_letters_or_a_part_of_them() -> None:
    assert near_sites("cookin")[0] == "cooking"
    assert near_sites("crossvalidate") == ["stats"]
    assert "math" in near_sites("mathematics")
    assert near_sites("my-forun", ["my-forum"]) == ["my-forum"]
    assert near_sites("qqqq") == []
