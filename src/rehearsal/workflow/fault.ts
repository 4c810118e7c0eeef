import type { Fault, Simulator } from '../../../simulator/contracts.ts';

/** The accounts and regions of the local AWS in which something serves. */
type Places = readonly { readonly account: string; readonly region: string }[];

interface Named {
  readonly does: string;
  readonly strike: (simulator: Simulator, places: Places) => void;
}

const request =
  (fault: Fault): Named['strike'] =>
  ({ faults }) =>
    faults.add(fault);

/** What `--fault` can name. */
export const faults = {
  throttled: {
    does: 'half of the requests to SageMaker are throttled, until forty were',
    strike: request({ service: 'sagemaker', kind: 'throttle', share: 0.5, times: 40 }),
  },
  'server-errors': {
    does: 'three of ten requests to SageMaker and to S3 end with a 500, until twenty did',
    strike: ({ faults }) => {
      for (const service of ['sagemaker', 's3']) faults.add({ service, kind: 'server-error', share: 0.3, times: 20 });
    },
  },
  'answer-lost': {
    does: 'the endpoint is created or updated, and the answer to that request never arrives',
    strike: ({ faults }) => {
      for (const operation of ['CreateEndpoint', 'UpdateEndpoint', 'UpdateEndpointWeightsAndCapacities'])
        faults.add({ service: 'sagemaker', operation, kind: 'answer-lost', times: 1 });
    },
  },
  'expired-token': {
    does: "the role's credentials expire, once",
    strike: request({ service: 'sagemaker', kind: 'expired-token', after: 2, times: 1 }),
  },
  'no-capacity': {
    does: 'SageMaker finds no instances for the next fleet',
    strike: (simulator, places) => {
      for (const { account, region } of places) simulator.account(account, region).harm.failCapacity(1);
    },
  },
  's3-unavailable': {
    does: 'S3 answers 503 to the next twenty requests',
    strike: request({
      service: 's3',
      kind: 'error',
      code: 'ServiceUnavailable',
      message: 'Service is unable to handle request.',
      status: 503,
      times: 20,
    }),
  },
} as const satisfies Readonly<Record<string, Named>>;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as readonly FaultName[];
