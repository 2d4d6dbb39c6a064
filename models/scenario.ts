/**
 * ScenarioSet: a recipe for paths, never the paths. Path i is a pure function of (model, seed, i).
 */
import { z } from 'zod';
import { Id } from '../base/id.ts';
import { AssetName } from '../datasets/panel.ts';

/** A named deterministic path, applied to today's prices. */
export const NamedScenario = z
  .strictObject({
    name: z.string(),
    source: z.enum(['historical', 'hypothetical']),
    says: z.string(),
    /** Price at the end of step t as a multiple of today's, by panel asset; each list has `steps` entries. An asset not named follows `elsewhere`. */
    priceFactor: z.record(AssetName, z.array(z.number().nonnegative()).readonly()).readonly(),
    /** Factors for assets not named above. */
    elsewhere: z.array(z.number().nonnegative()).readonly(),
    /** Multiplies every asset's daily volume while the scenario lasts. */
    depthFactor: z.number().positive(),
    /** Oracles keep their first price for this many steps. */
    oracleFrozenSteps: z.int().nonnegative(),
  })
  .readonly();
export type NamedScenario = z.infer<typeof NamedScenario>;

export const ScenarioSet = z
  .strictObject({
    kind: z.literal('scenario-set'),
    id: Id,
    from: z.strictObject({ model: Id }).readonly(),
    stream: z.literal('philox4x32-10'),
    seed: z.int().nonnegative(),
    paths: z.int().positive().max(10_000_000),
    steps: z.int().positive().max(100_000),
    stepSeconds: z.int().positive(),
    named: z.array(NamedScenario).readonly(),
  })
  .readonly();
export type ScenarioSet = z.infer<typeof ScenarioSet>;
