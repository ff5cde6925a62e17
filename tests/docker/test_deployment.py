"""The deployment, really built and started: each step goes on where the one before ended (`make docker-test`)."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from replica.model import MOSCOW
from replica.site import Article, Site
from tests.docker.compose import SERVICES, SKIPPED, Deployment, wait_until
from tests.docker.conftest import Say

pytestmark = pytest.mark.docker

ARTICLE_COUNT = 600
"""As docker-compose.yml has it."""

KILLED = 137
"""A container's exit code after SIGKILL."""

USAGE = 2
"""The exit code of wrong usage or settings."""

KEPT = ("stored", "duplicate")
SITE = Site(ARTICLE_COUNT)


@pytest.fixture(autouse=True)
def _timed(say: Say) -> Iterator[None]:
    """Say how long each step took."""
    started_at = time.monotonic()
    yield
    say(f"{time.monotonic() - started_at:.1f} s ")


def list_published(since: str, until: str) -> list[Article]:
    """The site's articles of these publication days."""
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    return [one for one in SITE.newest_first if first <= one.head.published_at.astimezone(MOSCOW).date() <= last]


def count_pages(deployment: Deployment) -> Counter[str]:
    """Path of an article's page -> how often it was fetched."""
    paths = {article.path for article in SITE.articles}
    return Counter({path: count for path, count in deployment.ask_replica().items() if path in paths})


def list_missing(deployment: Deployment, articles: list[Article]) -> set[str]:
    """Their ids, without those that the database has."""
    return {one.id for one in articles} - {row[0] for row in deployment.query("SELECT id FROM article")}


def wait_for_pages(deployment: Deployment, count: int) -> None:
    """Until so many pages were fetched since the replica was last asked to count from nothing."""
    wait_until(lambda: sum(count_pages(deployment).values()) >= count)


def backfill(deployment: Deployment, since: str, until: str) -> str:
    return deployment.start("backfill/manual", since=since, until=until)


def complete(deployment: Deployment, run: str, since: str, until: str) -> str:
    """How this backfill ended; where it did not complete, the next one does. All of its days is there then."""
    first = last = deployment.wait_for(run)[0]
    for _ in range(3):
        if last["type"] == "COMPLETED":
            break
        [last] = deployment.wait_for(backfill(deployment, since, until))
    assert last["type"] == "COMPLETED", last["message"]
    assert not list_missing(deployment, list_published(since, until))
    return f"{first['type']} {first['message'] or ''}"


def test_the_files_are_valid_with_monitoring_too(deployment: Deployment) -> None:
    assert {"prometheus", "grafana"} <= set(
        deployment.compose("--profile", "monitoring", "config", "--services").split()
    )


def test_the_image_is_built(deployment: Deployment, say: Say) -> None:
    deployment.compose("build")
    size = int(deployment.docker("image", "inspect", "--format", "{{.Size}}", "broadsheet:test"))
    base = int(deployment.docker("image", "inspect", "--format", "{{.Size}}", "python:3.13-slim-trixie"))
    say(f"image: {size / 1e6:.0f} MB, {(size - base) / 1e6:.0f} MB of them above the base image")
    history = deployment.docker("image", "history", "--no-trunc", "--format", "{{.CreatedBy}}", "broadsheet:test")
    assert "PIP_INDEX_URL" not in history


@pytest.fixture(scope="module")
def began_at() -> list[float]:
    return []


def test_all_services_start_and_the_one_shots_finish(deployment: Deployment, began_at: list[float], say: Say) -> None:
    began_at.append(time.monotonic())
    deployment.compose("up", "--detach")
    for service in ("migrate", "deploy"):
        [one] = deployment.inspect(service)
        assert (one["State"]["Status"], one["State"]["ExitCode"]) == ("exited", 0)
    say(f"up: {time.monotonic() - began_at[0]:.0f} s")
    deployment.pause_others("latest")  # the night's sweep would leave the steps after it nothing to fetch


def test_a_scheduled_deployment_stores_articles(deployment: Deployment, began_at: list[float], say: Say) -> None:
    run = deployment.start("ingest/latest", limit=20)
    wait_until(lambda: deployment.query("SELECT count(*) FROM article") != [["0"]])
    say(f"from `up` to the first stored article: {time.monotonic() - began_at[0]:.0f} s")
    [state] = deployment.wait_for(run)
    wait_until(lambda: not deployment.list_under_way())
    # Skipped, where a quarter of an hour had just begun: what is stored is then of the run that the schedule started.
    assert state["type"] == "COMPLETED" or state["message"] == SKIPPED, state["message"]
    # The newest URLs that are advertised; some of them lead to no article.
    states, [[count]] = deployment.count_states(), deployment.query("SELECT count(*) FROM article")
    assert sum(states[kept] for kept in KEPT) == int(count) >= 15, states


def test_every_service_is_well_and_has_no_more_rights_than_it_needs(deployment: Deployment, say: Say) -> None:
    wait_until(deployment.is_healthy)
    for service in SERVICES:
        [one] = deployment.inspect(service)
        host = one["HostConfig"]
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert host["LogConfig"]["Config"]["max-size"]
        assert one["Config"]["User"] not in {"", "0", "root"}
        ports = [port["HostIp"] for bound in one["NetworkSettings"]["Ports"].values() for port in bound or ()]
        assert set(ports) <= {"127.0.0.1"}
        [used] = deployment.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", one["Id"]).splitlines()
        say(f"memory of {service}: {used.partition(' /')[0]}")


def test_a_worker_shows_its_metrics_inside_the_network(deployment: Deployment) -> None:
    script = "import urllib.request as r; print(r.urlopen('http://worker:9464/metrics').read().decode())"
    text = deployment.compose("exec", "-T", "replica", "python", "-c", script)
    values = dict(line.split(" ") for line in text.splitlines() if line.startswith("broadsheet_") and "{" not in line)
    assert float(values["broadsheet_up"]) == 1
    assert float(values["broadsheet_articles"]) > 0


def test_the_server_lets_nobody_in_without_the_password(deployment: Deployment) -> None:
    for auth in (None, ("broadsheet", "wrong")):
        assert httpx.post(f"{deployment.url}/deployments/filter", json={}, auth=auth).status_code == 401
    assert len(deployment.request("POST", "/deployments/filter", {})) == 7


def test_the_reader_does_not_start_without_a_password(deployment: Deployment) -> None:
    ended = deployment.run("run", "--rm", "--no-deps", "-T", "-e", "BROADSHEET_SERVE_PASSWORD=", "reader")
    assert ended.returncode == USAGE
    assert "can be reached from other machines: set BROADSHEET_SERVE_PASSWORD first" in ended.stdout + ended.stderr


def test_the_reader_shows_what_was_stored_to_those_who_have_the_password(deployment: Deployment) -> None:
    assert httpx.get(f"{deployment.reader_url}/health").text == "fine\n"
    for auth in (None, ("reader", "wrong")):
        assert httpx.get(deployment.reader_url, auth=auth).status_code == 401
    [[article_id]] = deployment.query("SELECT id FROM article WHERE duplicate_of IS NULL ORDER BY id LIMIT 1")
    expected = next(one.expected for one in SITE.articles if one.id == article_id)
    auth = ("reader", deployment.reader_password)
    with httpx.Client(base_url=deployment.reader_url, auth=auth, timeout=60) as client:
        headline = expected["headline"].replace('"', "")
        query = {"q": f'"{headline}"'}
        assert article_id in {hit["id"] for hit in client.get("/api/v1/search", params=query).json()["hits"]}
        assert f'href="/article/{article_id}"' in client.get("/", params=query).text
        for page in ("article", "history", "capture", "capture-page"):
            assert client.get(f"/{page}/{article_id}").status_code == 200, page
        assert client.get(f"/api/v1/articles/{article_id}").json()["record"]["body"] == expected["body"]
        assert client.get(f"/api/v1/records/{article_id}").content.startswith(b"\x1f\x8b")  # of the volume
        assert len(client.get("/export.jsonl").text.splitlines()) > 1  # by way of a file in its /tmp


def test_a_backfill_stores_each_article_of_its_days_as_it_is(deployment: Deployment) -> None:
    [state] = deployment.wait_for(backfill(deployment, "2024-08-15", "2024-09-30"))
    assert state["type"] == "COMPLETED", state["message"]
    published = list_published("2024-08-15", "2024-09-30")
    found = deployment.read_articles()
    assert found.keys() >= {article.id for article in published}
    expected = {article.id: article.expected for article in SITE.articles if article.id in found}
    for record_id, record in found.items():
        # To the letter: not a word of a donation message, a related box or a newsletter's form.
        assert record["body"] == expected[record_id]["body"]
        assert record["headline"] == expected[record_id]["headline"]


def test_a_backfill_whose_worker_is_killed_is_completed_by_the_next(deployment: Deployment, say: Say) -> None:
    since, until = "2024-06-01", "2024-08-14"
    deployment.ask_replica("reset")
    run = backfill(deployment, since, until)
    wait_for_pages(deployment, 10)
    [worker] = deployment.inspect("worker")
    deployment.docker("kill", worker["Id"])
    left = list_missing(deployment, list_published(since, until))
    assert left
    say(f"killed with {len(left)} articles to go")
    # Prefect believes for five minutes that its runs go on, unless somebody who knows better says so.
    dead = deployment.list_under_way()
    assert run in dead
    for one in dead:  # the schedule may have started another
        deployment.set_state(one, "CRASHED")
    deployment.compose("up", "--detach")
    complete(deployment, run, since, until)
    # What was on its way when it was killed is fetched again: one page, for there is one request at a time.
    assert sum(count - 1 for count in count_pages(deployment).values()) <= 1


def list_exit_codes(deployment: Deployment) -> list[int]:
    return [one["State"]["ExitCode"] for service in SERVICES for one in deployment.inspect(service)]


def test_all_that_is_stopped_in_a_crawl_ends_in_time_and_in_good_order(deployment: Deployment, say: Say) -> None:
    since, until = "2024-04-01", "2024-05-31"
    deployment.ask_replica("reset")
    run = backfill(deployment, since, until)
    wait_for_pages(deployment, 5)
    started_at = time.monotonic()
    deployment.compose("stop")
    stop_seconds = time.monotonic() - started_at
    say(f"all stopped in {stop_seconds:.1f} s")
    assert [one["State"]["ExitCode"] for one in deployment.inspect("worker")] == [0]
    assert KILLED not in list_exit_codes(deployment)  # where it did not end in the time that Docker gives
    deployment.compose("up", "--detach")
    assert deployment.read_state(run)["type"] == "CRASHED"
    assert not deployment.query("SELECT 1 FROM run WHERE status = 'running'")
    complete(deployment, run, since, until)
    assert set(count_pages(deployment).values()) == {1}


def test_a_database_that_restarts_in_the_middle_loses_nothing(deployment: Deployment, say: Say) -> None:
    since, until = "2024-02-01", "2024-03-31"
    deployment.ask_replica("reset")
    run = backfill(deployment, since, until)
    wait_for_pages(deployment, 5)
    deployment.compose("restart", "postgres")
    ended = complete(deployment, run, since, until)
    say(f"the run: {ended}")
    assert "PendingRollbackError" not in ended, "why it failed was lost on the way"
    assert set(count_pages(deployment).values()) == {1}


def test_three_workers_fetch_nothing_twice(deployment: Deployment, say: Say) -> None:
    deployment.compose("up", "--detach", "--scale", "worker=3")
    wait_until(lambda: deployment.is_healthy(worker_count=3))
    deployment.ask_replica("reset")
    since, until = "2023-10-01", "2024-01-31"  # with the spans above, all that the site has published
    others = [deployment.start(name) for name in ("ingest/latest", "ingest/sweep", "refresh/hourly")]
    run = backfill(deployment, since, until)
    complete(deployment, run, since, until)
    states = Counter(state["type"] for state in deployment.wait_for(run, *others))
    say(f"runs: {dict(states)}")
    pages = count_pages(deployment)
    assert pages
    assert set(pages.values()) == {1}


def test_what_is_stored_is_still_there_after_all_was_taken_down(deployment: Deployment, say: Say) -> None:
    before = deployment.count_states()
    expected = SITE.count_outcomes()
    assert {name: before[name] for name in KEPT} == {name: expected[name] for name in KEPT}
    started_at = time.monotonic()
    deployment.compose("stop")
    assert KILLED not in list_exit_codes(deployment)
    say(f"all stopped in {time.monotonic() - started_at:.1f} s")
    deployment.compose("down")
    deployment.compose("up", "--detach")
    wait_until(deployment.is_healthy)
    assert deployment.count_states() == before
    deployment.compose("exec", "-T", "worker", "broadsheet", "doctor")
    state = deployment.run_to_end("ingest/latest")
    assert state["type"] == "COMPLETED", state["message"]


def test_a_cluster_reads_everything_again_and_a_killed_worker_changes_nothing(deployment: Deployment, say: Say) -> None:
    began_at = time.monotonic()
    services = ("cluster-scheduler", "cluster-worker")
    deployment.compose("up", "--detach", "--no-deps", "--scale", "cluster-worker=2", *services)
    say(f"a scheduler and two workers are up: {time.monotonic() - began_at:.0f} s")
    articles = deployment.read_articles()
    first, _ = deployment.inspect("cluster-worker")
    deployment.docker("kill", first["Id"])
    command = ("broadsheet", "reprocess", "--on", "dask://cluster-scheduler", "--apply", "--json")
    report = json.loads(deployment.compose("exec", "-T", "worker", *command))
    assert report["problems"] == []
    assert report["changes"].keys() <= {"unchanged", "quarantined"}
    assert report["changes"]["unchanged"] >= len(articles)
    assert deployment.read_articles() == articles
    deployment.compose("rm", "--stop", "--force", *services)


def test_nothing_is_left_when_the_volumes_are_removed_too(deployment: Deployment) -> None:
    deployment.compose("down", "--volumes")
    left = [
        deployment.docker(kind, "ls", "--quiet", "--filter", f"name={deployment.project}")
        for kind in ("volume", "network")
    ]
    assert left == ["", ""]
