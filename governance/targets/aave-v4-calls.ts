/**
 * Aave v4's risk steward as call data: the functions of both layouts and what each means. KEEP_CURRENT is all ones of the field's width.
 * Source: IRiskSteward.sol (aave-v4-risk-stewards), IAaveV4ConfigEngine.sol.
 */
import * as Call from './call.ts';
import * as Keep from './keep.ts';

const KEY = 'uint256 dynamicConfigKey, uint256 collateralFactor, uint256 maxLiquidationBonus, uint256 liquidationFee';
const NEW_ID = 'address hub, address underlying';
const DYNAMIC = '(uint16 collateralFactor, uint32 maxLiquidationBonus, uint16 liquidationFee) dynamicConfig';
export const UPDATE = {
  new: `function updateDynamicReserveConfigs((address spokeConfigurator, address spoke, ${NEW_ID}, ${KEY})[] updates)`,
  old: `function updateDynamicReserveConfigs((address spokeConfigurator, address spoke, uint256 reserveId, ${KEY})[] updates)`,
} as const;
export const ADD = {
  new: `function addDynamicReserveConfigs((address spokeConfigurator, address spoke, ${NEW_ID}, ${DYNAMIC})[] additions)`,
  old: `function addDynamicReserveConfigs((address spokeConfigurator, address spoke, uint256 reserveId, ${DYNAMIC})[] additions)`,
} as const;
export const CAPS =
  'function updateHubSpokeCaps((address hubConfigurator, address hub, address underlying, address spoke, uint256 addCap, uint256 drawCap, uint256 riskPremiumThreshold, uint256 active, uint256 halted)[] updates)';

const DYNAMIC_MEANING: Call.Meaning = {
  says: (_, rows) => rows.map(dynamicSays).join(' '),
  warns: (_, rows) => rows.flatMap(Keep.wrongV4),
};

export const TABLE = Call.table('aave-v4', {
  [UPDATE.new]: DYNAMIC_MEANING,
  [UPDATE.old]: DYNAMIC_MEANING,
  [ADD.new]: DYNAMIC_MEANING,
  [ADD.old]: DYNAMIC_MEANING,
  [CAPS]: {
    says: (_, rows) =>
      rows
        .map(
          ({ underlying, spoke, addCap, drawCap }) =>
            `Sets ${underlying} on spoke ${spoke}: add cap ${kept(addCap!, String)}, draw cap ${kept(drawCap!, String)}.`,
        )
        .join(' '),
    warns: (_, rows) => rows.flatMap(Keep.wrongV4),
  },
  'updateHubAssetIRs((address hubConfigurator, address hub, address underlying, uint256 liquidityFee, address feeReceiver, address irStrategy, (uint16 optimalUsageRatio, uint32 baseDrawnRate, uint32 rateGrowthBeforeOptimal, uint32 rateGrowthAfterOptimal) irData, address reinvestmentController)[] updates)':
    { says: (_, rows) => rows.map(ratesSay).join(' ') },
  'updateReserveConfigs((address spokeConfigurator, address spoke, address hub, address underlying, address priceSource, uint256 collateralRisk, uint256 paused, uint256 frozen, uint256 borrowable, uint256 receiveSharesEnabled)[] updates)':
    {},
  'updateSpokeLiquidationConfigs((address spokeConfigurator, address spoke, uint256 targetHealthFactor, uint256 healthFactorForMaxBonus, uint256 liquidationBonusFactor)[] updates)':
    {},
  'setHubRestricted(address hub, bool isRestricted)': {},
  'setSpokeRestricted(address spoke, bool isRestricted)': {},
  'setSpokeHubRestricted(address spoke, address hub, bool isRestricted)': {},
  'setReserveRestricted(address spoke, address hub, address asset, bool isRestricted)': {},
});

function dynamicSays(row: Call.Row): string {
  const at = (name: string): string => row[name] ?? row[`dynamicConfig.${name}`]!;
  const [which, key] = [row['underlying'] ?? `reserve ${row['reserveId']}`, row['dynamicConfigKey']];
  const where = key === undefined ? 'in a new configuration, for later positions' : `in configuration ${key}, for everybody in it`;
  const bonus = kept(at('maxLiquidationBonus'), (value) => Call.bps(BigInt(value) - 10_000n));
  return `Sets ${which} of spoke ${row['spoke']} ${where}: collateral factor ${kept(at('collateralFactor'), Call.bps)}, largest bonus ${bonus}.`;
}

/** Rates are narrow fields, each with its own all ones. */
function ratesSay(row: Call.Row): string {
  const rate = (name: string, keep: bigint): string => {
    const value = row[`irData.${name}`]!;
    return value === String(keep) ? 'kept' : Call.bps(value);
  };
  const growth = ['baseDrawnRate', 'rateGrowthBeforeOptimal', 'rateGrowthAfterOptimal'].map((name) => rate(name, Keep.V4_UINT32));
  return `Sets the rates of ${row['underlying']}: optimal usage ${rate('optimalUsageRatio', Keep.V4_UINT16)}, base ${growth[0]}, growth before ${growth[1]} and after ${growth[2]}.`;
}

function kept(value: string, text: (value: string) => string): string {
  return Keep.isV4(value) ? 'kept' : text(value);
}
