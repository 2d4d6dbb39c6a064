/** Selectors as published by the protocols, hashed by two implementations outside this project. */
export const PUBLISHED: Readonly<Record<string, readonly string[]>> = {
  'openzeppelin-governor': ['7d5e81e2', '160cbed7', '2656227d', '452115d6', '8ff262e3'],
  'governor-bravo': ['da95691a', 'ddf0b009', 'fe0d94c1', '40e58ee5', '3bccf4fd'],
  timelock: ['01d5062a', '8f2a0bb0', 'e38335e5'],
  'aave-governance': ['e8733894', '3bec1bfc', '92cdb834', '910ae3d9'],
  'aave-v3': ['55caa163', 'b79421eb', '02da32ae', '09d83328', '104116c3', 'f1c2652c', '4b56247b', '4ee1151a', '963ec016'],
  'aave-v3-steward': ['decec215', '2cd77b80', 'ec3b79aa', 'c7dc220c', 'eb6ff36c', '94a85932', 'b299e1ba'],
  'aave-v3-configurator': [
    ...['7c4e560b', '571f03e5', 'd14a0983', '6aabe21d', '4b4e6753', '26d2cec2', '96e957c4', '2dc9552b', '7c025f2c', '34a461ea'],
  ],
  'aave-capo': ['c1b8c2e0', '030c96c0', '81cc2d94'],
  'aave-v4': [
    ...['2cd0fd70', 'd3e6db1b', '7fbdbc72', 'ba58d41a', '4eefc41e', 'de807f64', 'dae0f901', '955dea4f', 'f8988cac', '75b541a0', 'fcdc1162'],
  ],
  'risk-oracle': [
    ...['b0be2505', '031ed79c', 'fa7229ee', '77abc9bd', '292762a1', '80b185f3', 'b8a14d99', '514c8ced', '96e17302', '4585e33b', '28438122'],
    ...['e053afaf', '3862dd70'],
  ],
  comet: [
    ...['b73585f1', '77a7dafd', 'ecb9a875', 'a2ced7fd', '294be433', '9a0fd808', 'ea31a447', 'c1252f90', '5bfb8373', 'b2f5ee19', 'e8623ec5'],
    ...['74b20ab8', '058e4155', '9340d433', '7d5e1840', '4c96a389', '9627816f'],
  ],
  euler: ['4bca3d5b', 'd87f780f', 'b4113ba7', 'af06d3cf', '8bcd4016', '60cb90ef'],
  morpho: [
    ...['3b24c2bf', '6fda3868', '84755b5f', '102f7b6c', '8c1358a2', '4d98a93b', 'ef7fa71b', '0b467b9b', 'f6f98fd5', '8c54519b', '2438525b'],
    '57975270',
  ],
  'sky-sp-beam': ['474d857f', '1a0b287e', '29ae8114', '6bb6126e'],
  derive: ['8c364890', 'd052ff64', '5db50b51', 'be11df5c', '8a743a65', '59d5a01f', '1306f2a2', 'c27009e2'],
  safe: ['6a761202', 'd4d9bdcd', '8d80ff0a'],
};
