# The figures of papers' tables: `snakemake figures`, or one of them by its name, results/figures/<table>/<figure>.pdf.


localrules:
    draw_figure,


wildcard_constraints:
    figure=r"[^/]+",


rule draw_figure:
    input:
        unpack(
            lambda wildcards: {
                "measures": COMPARISON.figure_measures(wildcards.table, wildcards.figure),
                "others": list(COMPARISON.figure_inputs(wildcards.table, wildcards.figure)),
            }
        ),
        statistics="results/statistics/{table}/summary.csv",
    output:
        pdf="results/figures/{table}/{figure}.pdf",
        png=report(
            "results/figures/{table}/{figure}.png",
            caption="../report/captions/figure.rst",
            category="Figures",
            subcategory="{table}",
            labels={"table": "{table}", "figure": "{figure}"},
        ),
        data="results/figures/{table}/{figure}.csv",
    log:
        "logs/figures/{table}/{figure}.log",
    params:
        spec=lambda wildcards: COMPARISON.figure_spec(wildcards.table, wildcards.figure),
    shell:
        "python -m fusebench.compare.steps figure --spec {params.spec:q} --statistics {input.statistics:q} --measures {input.measures:q}"
        " --output {output.pdf:q} 2> {log:q}"
