import { encodeFunctionData, parseAbi } from 'viem';
import { describe, expect, it } from 'vitest';
import * as Call from '../../governance/targets/call.ts';
import * as Governor from '../../governance/targets/governor.ts';

const comet = parseAbi([
  'function updateAssetBorrowCollateralFactor(address comet, address asset, uint64 factor)',
  'function deployAndUpgradeTo(address configurator, address cometProxy)',
]);
const CONFIGURATOR = '0x316f9708bB98af7dA9c68C1C3b5e79039cD336E3';
const ADMIN = '0x1EC63B5883C3481134FD50D5DAebc83Ecd2E8779';
const COMET = '0xc3d688B66703497DAA19211EEdff47f25384cdc3';
const WETH = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2';
const actions: readonly Governor.Action[] = [
  {
    to: CONFIGURATOR,
    data: encodeFunctionData({
      abi: comet,
      functionName: 'updateAssetBorrowCollateralFactor',
      args: [COMET, WETH, 825_000_000_000_000_000n],
    }),
    valueWei: '0',
  },
  { to: ADMIN, data: encodeFunctionData({ abi: comet, functionName: 'deployAndUpgradeTo', args: [CONFIGURATOR, COMET] }), valueWei: '0' },
];
const description = `# Update WETH borrow collateral factor\n\nevidence: sha256:${'0'.repeat(64)}`;

describe('governor', () => {
  it('hashes the known proposal to its known id, by both encoders', () => {
    const known = 0xfaf7da851c306e79fa1b2a2155c0f84a9535ef211757b3418bc0acf62a4f99fan;
    expect(Governor.descriptionHash(description)).toBe('0x411428b7dd28c204de0fb6ad5d8a2114ed28c4ccb0dd8e66ea9495d88fa39a57');
    expect(Governor.hashProposal(actions, description)).toBe(known);
    expect(Governor.hashProposalTwin(actions, description)).toBe(known);
  });

  it('gives another id to one changed byte, in a call or in the text', () => {
    const known = Governor.hashProposal(actions, description);
    const [first, second] = actions as [Governor.Action, Governor.Action];
    expect(Governor.hashProposal([{ ...first, data: `${first.data.slice(0, -1)}1` as `0x${string}` }, second], description)).not.toBe(
      known,
    );
    expect(Governor.hashProposal([second, first], description)).not.toBe(known);
    expect(Governor.hashProposal(actions, `${description} `)).not.toBe(known);
  });

  it('decodes anybody’s propose call back to calls and text', () => {
    const decoded = Governor.decode(Governor.proposeData(actions, description));
    expect(decoded.inner).toEqual(actions.map((action) => ({ ...action, to: action.to.toLowerCase(), operation: 'call' })));
    expect(decoded).toMatchObject({ function: 'propose', arguments: { description }, warnings: [] });
  });

  it('names the call data it does not know', () => {
    expect(() => Governor.decode('0xdeadbeef')).toThrow(Call.UnknownCallError);
    expect(() => Governor.decode('0x')).toThrow(Call.UnknownCallError);
  });

  it('ends a restricted description in exactly the 52 characters the Governor reads', () => {
    const restricted = Governor.restrictTo('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', 'text');
    expect(restricted.slice(-52)).toMatch(/^#proposer=0x[0-9a-f]{40}$/);
    expect(Governor.restrictTo(null, 'text')).toBe('text');
  });
});
