import type { HardwareKey } from '../manifest/manifest.ts';

/** A setting that some instance types take and others do not. */
export interface HardwareSetting {
  readonly path: string;
  /** Whether a value that serves on one type is legal on another one, as AWS documents it. Without a document it is not. */
  readonly fits: (from: string, to: string) => boolean;
  /** Continues a sentence about the setting. */
  readonly because: string;
}

/** `ml.c6gd.xlarge` → `c6gd`. */
const familyOf = (instanceType: string): string => instanceType.split('.')[1] ?? '';

/**
 * General-purpose, compute and memory families of these generations have EBS alone, unless their name has a `d` (EC2: "Amazon EC2 instance
 * type naming conventions", instance store volumes). Families with accelerators follow no rule: g5 has a store, and its name has no `d`.
 */
const isOnVolumes = (instanceType: string): boolean => /^(t[2-9]|[cmr][4-9])[a-ce-z-]*$/.test(familyOf(instanceType));

const never = (): boolean => false;

/** By the key of the manifest. */
export const hardwareSettings: Readonly<Record<HardwareKey, HardwareSetting>> = {
  // AWS: ResourceConfig, VolumeSizeInGB: no volume beside NVMe storage. Of an endpoint config the refusal is seen in the field
  // (autogluon/autogluon-cloud#50, aws/sagemaker-python-sdk#4828).
  'volume-size-gb': {
    path: 'variant.VolumeSizeInGB',
    fits: (_from, to) => isOnVolumes(to),
    because: 'types with storage of their own take no volume',
  },
  // AWS: ProductionVariant, InferenceAmiVersion: each AMI has the drivers of one accelerator.
  'inference-ami-version': {
    path: 'variant.InferenceAmiVersion',
    fits: (from, to) => familyOf(from) === familyOf(to),
    because: 'an AMI has the drivers of one kind of accelerator',
  },
  'managed-instance-scaling': {
    path: 'variant.ManagedInstanceScaling',
    fits: never,
    because: 'its limits count instances of the old type',
  },
  'capacity-reservation': {
    path: 'variant.CapacityReservationConfig',
    fits: never,
    because: 'a reservation has instances of one type',
  },
};
