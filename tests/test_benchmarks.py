"""What the measurements stand on: the generated datasets are good ones, and the table says what was measured."""

from benchmarks import generated, linked_data, workers
from benchmarks.linked_data import Row
from dcat import rdf, rdf_reader, rdf_writer
from validators import metadata


def test_generated_datasets_have_nothing_to_complain_about() -> None:
    for number in (0, 7, 999):
        assert not metadata.blocks(metadata.check(generated.dataset(number)))


def test_generated_datasets_are_the_same_on_every_run_and_all_different() -> None:
    assert generated.dataset(7) == generated.dataset(7)
    assert len({generated.dataset(number) for number in range(200)}) == 200


def test_generated_datasets_are_as_rich_as_a_portals_and_survive_rdf() -> None:
    dataset = generated.dataset(7)
    triples = rdf_writer.write(dataset).all()
    assert 60 <= len(triples) <= 80
    ((uri, reading),) = rdf_reader.datasets(rdf_reader.parse(rdf.serialize(triples, "ttl"), "ttl"))
    assert (uri, reading.dataset, reading.problems) == (dataset.uri, dataset, ())


def test_the_table_says_what_was_measured_and_whether_it_is_enough() -> None:
    rows = [
        Row(work="export", ours="200 datasets/s", peer="1 datasets/s", ratio=200.0, aim=">= 100 times", reached=True),
        Row(work="304", ours="1.20 ms", aim="<= 1 ms", reached=False),
    ]
    assert linked_data.table(rows).splitlines()[2:] == [
        "| export | 200 datasets/s | 1 datasets/s | 200 | >= 100 times | yes |",
        "| 304 | 1.20 ms |  |  | <= 1 ms | no |",
    ]


def test_a_ratio_is_held_against_its_aim() -> None:
    reached, missed = linked_data.against("parse", {"ttl": 0.5, "rdf": 0.6}, {"ttl": 5.0, "rdf": 5.0}, 10)
    assert (reached.reached, missed.reached) == (True, False)
    assert (reached.ratio, reached.work) == (10.0, "parse, Turtle")
    assert (reached.ours, reached.peer) == ("2,000 datasets/s", "200 datasets/s")


def test_workers_are_compared_with_one_and_with_none_that_hinders() -> None:
    result = workers.Result(
        work="40 sources", before=20.0, after=5.0, ratio=4.0, aim=">= 3 times as fast", reached=True
    )
    assert (
        workers.table([result]).splitlines()[-1] == "| 40 sources | 20.0 s | 5.0 s | 4.00 | >= 3 times as fast | yes |"
    )
