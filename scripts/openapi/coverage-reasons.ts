// Why an operation cannot show an answer that changes, or a refusal: each is checked to be still needed.

type Reason = {
  /** Keys of operations, as `GET /flows/{id}`. */
  readonly operations: readonly string[];
  readonly reason: string;
};

export const coverageReasons: readonly Reason[] = [
  {
    operations: [
      'GET /health',
      'GET /ready',
      'GET /hello',
      'GET /version',
      'GET /admin/version',
      'GET /admin/settings',
    ],
    reason: 'takes nothing that could be refused, and says what no request changes',
  },
  {
    operations: ['GET /admin/storage', 'DELETE /admin/storage', 'GET /block_capabilities/'],
    reason: 'takes nothing that could be refused',
  },
  {
    operations: ['GET /automations/related-to/{resource_id}', 'DELETE /automations/owned-by/{resource_id}'],
    reason:
      'every text may be the id of a resource: one that nothing has is related to nothing, as on Prefect’s server',
  },
  {
    operations: ['POST /block_types/install_system_block_types'],
    reason: 'takes nothing, answers nothing, and what it installs is there from the start',
  },
  {
    operations: ['POST /deployments/{id}/schedule'],
    reason: 'answers nothing, whatever it plans, also for a deployment that is not there, as on Prefect’s server',
  },
  {
    operations: ['GET /collections/views/{view}'],
    reason: 'the types of workers come with the program and are not stored',
  },
  {
    operations: ['GET /csrf-token'],
    reason:
      'no token is ever handed out: the answer is that the protection is off, as on Prefect’s server unless it is switched on',
  },
];
