# Suites with `speed:` time every method on one fixed pair, at sizes that are the same for all.


localrules:
    write_speed_tables,


rule write_speed_tables:
    input:
        lambda wildcards: PLAN.speed_records(wildcards.suite),
    output:
        multiext("results/speed/{suite}", ".csv", ".md"),
    log:
        "logs/compare/speed/{suite}.log",
    params:
        spec=lambda wildcards: PLAN.speed_spec(wildcards.suite),
    shell:
        "python -m fusebench.steps speed --spec {params.spec:q} --folder results/speed --suite {wildcards.suite:q} 2> {log:q}"
