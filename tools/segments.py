"""Takes simulator/fixtures/segments/{training,golden}.csv from the data set that the package river ships.

    python3 tools/segments.py           writes them
    python3 tools/segments.py --check   fails when the files differ

Image Segmentation, Vision Group, University of Massachusetts, 1990; UCI Machine Learning Repository, CC BY 4.0. Of the 18 measurements
those of place, edges and colour are kept: the others are computed from them, or nearly constant. Numbers are rounded to two decimals. Of
each seven rows one trains, two are golden, and four are left out, so that a rehearsal asks a model 600 times and not 2,000
times. The data set has some parts twice: the second is left out, so that no golden row is one that trained.
"""

import csv
import importlib.util
import io
import pathlib
import sys
import zipfile

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "simulator" / "fixtures" / "segments"
COLUMNS = {
    "column": "region-centroid-col",
    "row": "region-centroid-row",
    "vertical_edges": "vedge-mean",
    "horizontal_edges": "hedge-mean",
    "red": "rawred-mean",
    "green": "rawgreen-mean",
    "blue": "rawblue-mean",
}


def data_set() -> list[dict[str, str]]:
    package = importlib.util.find_spec("river")
    if package is None or package.origin is None:
        sys.exit("the package river is not installed")
    archive = zipfile.ZipFile(pathlib.Path(package.origin).parent / "datasets" / "segment.csv.zip")
    (name,) = archive.namelist()
    return list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8")))


def files() -> dict[str, str]:
    texts = {name: ["id,label," + ",".join(COLUMNS)] for name in ("training", "golden")}
    seen: set[tuple[str, ...]] = set()
    for index, row in enumerate(data_set()):
        numbers = tuple(f"{round(float(row[of]), 2):g}" for of in COLUMNS.values())
        is_repeated = numbers in seen
        seen.add(numbers)
        if is_repeated or index % 7 > 2:
            continue
        line = ",".join([f"segment-{index + 1:04d}", row["category"], *numbers])
        texts["training" if index % 7 == 0 else "golden"].append(line)
    return {f"{name}.csv": "\n".join(lines) + "\n" for name, lines in texts.items()}


if __name__ == "__main__":
    differing = 0
    for name, text in files().items():
        path = FOLDER / name
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.relative_to(FOLDER.parents[2])} differs: run python3 tools/segments.py")
            differing += 1
    sys.exit(1 if differing else 0)
