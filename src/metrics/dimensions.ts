/** The subject of one SageMaker metric: a whole endpoint, one variant, or one fleet of a variant. */
export interface Measured {
  readonly endpoint: string;
  readonly variant?: string;
  readonly endpointConfig?: string;
}

/** The subject's CloudWatch dimensions, in SageMaker's documented order. */
export const dimensionsOf = ({ endpoint, variant, endpointConfig }: Measured) =>
  Object.entries({ EndpointName: endpoint, VariantName: variant, EndpointConfigName: endpointConfig }).flatMap(
    ([Name, Value]) => (Value === undefined ? [] : [{ Name, Value }]),
  );
