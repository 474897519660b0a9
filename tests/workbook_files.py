"""Workbooks laid out as the programme's own, made from stored scores, for tests of `papi import`."""

import openpyxl

from papi_lib import datafiles, index, places, published

FILES = {
    2011: "PAPI-2011-Dữ-liệu-1.xlsx",
    2018: "PAPI2018_ProvincialScores_ByIndicators_VIE.xlsx",
    2019: "2019_PAPI_Provincial_indicators2019_VIE_ENG.xlsx",
    2021: "1.2021PAPI_ProvincialIndicators_BangChiTieuCapTinh.xlsx",
    2023: "2023PAPI_ProvincialIndicators_BangChiTieuCapTinh..xlsx",
    2024: "2024PAPI_ProvincialIndicators_BangChiTieuCapTinh_34_TinhThanh.xlsx",
}
#: The beginning of the sheet 2023_VIE_ENG, as it is printed in descriptions of it.
EXCERPT = """
Mã tỉnh|Mã tỉnh|Thang điểm/Scale|1|2|4
Tỉnh/Thành phố trực thuộc trung ương|Tỉnh/Thành phố trực thuộc trung ương||Hà Nội|Hà Giang|Cao Bằng
Unweighted PAPI Score|Chỉ số PAPI tổng hợp (không có trọng số)|10-80 điểm/points|43.960304|44.247929|41.655148
Unweighted 95% CI Low|Chỉ số PAPI tổng hợp - điểm thấp|| 43.700916|42.789047|41.337597
Unweighted 95% CI High|Chỉ số PAPI tổng hợp - điểm cao||44.219692|45.70681|41.972698
Unweighted Standard Error|Chỉ số PAPI tổng hợp - sai số||0.157685|0.886877|0.193045
Dimension 1: Participation|Chỉ số nội dung 1: Tham gia của người dân ở cấp cơ sở|1-10 điểm/points|5.427534|5.283103|4.772978
Civic Knowledge|1.1: Tri thức công dân|0.25-2.5 điểm|1.323925|1.021637|0.937442
Proportion with Civic Knowledge|Hiểu biết về chính sách hiện hành (%)|0%-100%|0.745272|0.703545|0.483298
Knowledge of Leaders|Hiểu biết về vị trí lãnh đạo (%)|0%-100%|0.581964|0.334127|0.369411
Opportunties for Participation in Elections|1.2: Cơ hội tham gia|0.25-2.5 điểm/points|1.622657|1.709967|1.492868
"""


def excerpt_lines():
    """Return the excerpt's lines as labels and numbers."""
    rows = [line.split("|") for line in EXCERPT.strip().splitlines()]
    return [[*row[:3], *(float(v) if v.strip()[:1].isdigit() else v for v in row[3:])] for row in rows]


def lines(year, indicators=0, of=None):
    """Return a year's lines as the sheets since 2018 have them: labels, scale, and a figure a province."""
    parts = index.structure(year)
    codes = list(places.provinces(of or year).index)
    values = {
        part: published.series(part, of=of or year)[year].reindex(codes)
        for part in [*parts["subdimension"], *index.dimensions(year)]
    }
    total = published.series(of=of or year)[year].reindex(codes)
    n = len(index.dimensions(year))
    made = []
    for word, vietnamese, score in (
        ("Unweighted", "không có trọng số", total),
        ("Weighted", "có trọng số", total * 1.01),
    ):
        se = 0.2 + total.index.to_series() / 500
        scale = f"{n}-{10 * n} điểm/points"
        made += [
            [f"{word} PAPI Score", f"Chỉ số PAPI tổng hợp ({vietnamese})", scale, score],
            [f"{word} 95% CI Low", "Chỉ số PAPI tổng hợp - điểm thấp", None, score - 1.645 * se],
            [f"{word} 95% CI High", "Chỉ số PAPI tổng hợp - điểm cao", None, score + 1.645 * se],
            [f"{word} Standard Error", "Chỉ số PAPI tổng hợp - sai số", None, se.where(score.notna())],
        ]
    for d in index.dimensions(year):
        made.append(
            [
                f"Dimension {d}: {index.name(d, 'en')}",
                f"Chỉ số nội dung {d}: {index.name(d)}",
                "1-10 điểm/points",
                values[d],
            ]
        )
        for p in parts[parts["dimension"] == d].itertuples():
            scale = (
                f"{p.lower:.2f}-{p.upper:.2f} điểm".replace("0-", "-")
                if p.position == 1
                else f"{p.lower:.2f}-{p.upper:.2f} điểm/points"
            )
            made.append(
                [
                    index.name(p.subdimension, "en"),
                    f"{d}.{p.position}: {index.name(p.subdimension)}",
                    scale,
                    values[p.subdimension],
                ]
            )
            for i in range(indicators):
                share = (values[p.subdimension] / (10 + 3 * i)).round(6)
                made.append(
                    [
                        f"Share {i} of {p.subdimension}",
                        f"Tỷ lệ {i} của {index.name(p.subdimension)} (%)",
                        "0%-100%",
                        share,
                    ]
                )
    return codes, made


def columns_sheet(sheet, year, change=None, names=None, vietnamese=False, indicators=0, of=None):
    """Fill a sheet with a province a column; `change` may alter the lines, `names` the provinces'; `of` as published.series has it."""
    codes, made = lines(year, indicators, of)
    if change:
        change(made)
    head = [
        ["Mã tỉnh", "Mã tỉnh", "Thang điểm/Scale", *codes],
        [
            "Tỉnh/Thành phố",
            "Tỉnh/Thành phố",
            None,
            *(names or list(places.provinces(of or year).loc[codes, "name_vi"])),
        ],
    ]
    rows = head + [[*line[:3], *line[3]] for line in made]
    for row in rows:
        row = row[1:] if vietnamese else row
        sheet.append([None if v is None or v != v else v for v in row])


def rows_book(path, year, tab=None, names=None, misspelt=True):
    """Write the workbook of a year before 2018: a province a row, a sheet for the whole and one a dimension."""
    parts, codes = index.structure(year), list(places.provinces().index)
    names = names or list(places.provinces()["name_vi"])
    book = openpyxl.Workbook()
    sheets = {None: book.active}
    book.active.title = f"{tab or year}PAPI- Bảng tổng hợp kết quả"
    for d in index.dimensions(year):
        sheets[d] = book.create_sheet("Điêm thành phần 5" if d == 5 and misspelt else f"Điểm thành phần {d}")
    for dimension, sheet in sheets.items():
        columns = {}
        for d in index.dimensions(year):
            if dimension in (None, d):
                columns[f" {d}: {index.name(d)} "] = published.series(d)[year]
        for p in parts[parts["dimension"] == dimension].itertuples():
            columns[f"{p.dimension}.{p.position}: {index.name(p.subdimension)}"] = published.series(p.subdimension)[
                year
            ]
        if dimension is None:
            columns["Tổng điểm PAPI"] = published.series()[year]
        sheet.append(["Tên tỉnh", *columns])
        for code, name in zip(codes, names, strict=True):
            sheet.append([name, *(None if v[code] != v[code] else v[code] for v in columns.values())])
    book.save(path)
    return path


def columns_book(folder, year, tabs=None, **options):
    """Write the workbook of a year from 2018 to 2023: a province a column, older years in further sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for tab in tabs or [year]:
        name = {2018: "ProvincialIndicators_VIE", 2019: "2019PAPI_Indicators_VIE"}.get(tab, f"{tab}_VIE_ENG")
        columns_sheet(
            book.create_sheet(name),
            tab,
            vietnamese=tab < 2019,
            **(options if tab == year else {k: v for k, v in options.items() if k == "indicators"}),
        )
    path = folder / FILES[year]
    book.save(path)
    return path


def merged_book(folder, year=2024, tabs=(2024, 2023), blank=()):
    """Write the workbook of 2024: four header rows that assign 63 columns to 34 provinces, blank columns between."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    table, codes_2025 = (
        datafiles.read("provinces").set_index("province_code"),
        places.provinces(2025).reset_index().set_index("name_vi")["province_code"],
    )
    groups = table["merged_2025"].drop_duplicates().to_list()
    for tab in tabs:
        sheet = book.create_sheet(f"{tab}_PAPI_VIE_ENG")
        codes, made = lines(tab, indicators=1)
        at, rows, head = (
            {},
            [],
            [["Mã tỉnh mới", "", None], ["Tỉnh mới", "", None], ["Mã tỉnh cũ", "", None], ["Tỉnh cũ", "", None]],
        )
        for group in groups:
            for n, code in enumerate(table.index[table["merged_2025"] == group]):
                at[code] = len(head[0])
                for row, value in zip(
                    head,
                    (codes_2025[group] if n == 0 else None, group if n == 0 else None, code, table.at[code, "name_vi"]),
                    strict=True,
                ):
                    row.append(value)
            for row in head:
                row.append(None)
        for english, vietnamese, scale, values in made:
            row = [english, vietnamese, scale, *[None] * (len(head[0]) - 3)]
            for code, column in at.items():
                value = values[code]
                row[column] = None if value != value or (tab < year and code in blank) else value
            rows.append(row)
        for row in [*head, *rows]:
            sheet.append(row)
    path = folder / FILES[2024]
    book.save(path)
    return path
