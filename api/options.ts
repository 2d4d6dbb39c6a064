/** What a run is asked for: the options of `plimsoll run`, of the job and of `POST /v1/runs`. */
import { z } from 'zod';
import { Waiver } from '../datasets/panel.ts';
import { SeedBlock } from '../governance/seed-block.ts';

/** What a run depends on besides the files it names. Null: the built-in sample, the default policy, the panel's end. */
export const VoyageOptions = z
  .strictObject({
    panel: z.string().min(1).nullable(),
    state: z.string().min(1).nullable(),
    policy: z.string().min(1).nullable(),
    asOf: z.string().min(1).nullable(),
    /** A law, or the folder of `plimsoll train`, instead of a fit; carried to the panel's end. */
    model: z.string().min(1).nullable(),
    seed: z.int().nonnegative(),
    /** Block that gave the seed; null: the seed was chosen. */
    seedBlock: SeedBlock.nullable(),
    /** Paths instead of the policy's, for a quick look; the policy's number is what a proposal should rest on. */
    paths: z.int().min(1).max(1_000_000).nullable(),
    /**
     * Standard error of today's expected shortfall that is wanted, as a share of the loss budget: paths are doubled from the policy's number until it is
     * reached, up to `paths` or 16 times the policy's. Null: the number as it stands.
     */
    precision: z.number().positive().max(10).nullable(),
    forecaster: z.boolean(),
    waivers: z.array(Waiver).readonly(),
  })
  .readonly();
export type VoyageOptions = z.infer<typeof VoyageOptions>;

export const DEFAULT_OPTIONS: VoyageOptions = {
  panel: null,
  state: null,
  policy: null,
  asOf: null,
  model: null,
  seed: 1,
  seedBlock: null,
  paths: null,
  precision: null,
  forecaster: true,
  waivers: [],
};
