// What a newcomer may try once the example has run: lines that can be copied as they stand.

export type NextStepsFacts = { readonly apiUrl: string; readonly deploymentId: string; readonly runId: string };

export function nextSteps({ apiUrl, deploymentId, runId }: NextStepsFacts): string {
  return `
what to try next

  another run, and the one above:
    curl -X POST ${apiUrl}/deployments/${deploymentId}/create_flow_run -H 'content-type: application/json' -d '{}'
    curl ${apiUrl}/flow_runs/${runId}

  real Prefect flows, in another terminal; these two lines install Prefect:
    python3 -m venv .venv && . .venv/bin/activate
    pip install prefect==3.8.8

    export PREFECT_API_URL=${apiUrl}
    cd examples/flows-project && prefect deploy --all
    prefect worker start --pool development       # takes the runs of my-flow
    prefect deployment run my-flow/my-flow
    prefect deployment run heavy-etl-flow/heavy-etl   # an ECS task: no worker, but tasks must find Prefect,
                                                      # so start with: npm start -- --python .venv/bin/python`;
}
