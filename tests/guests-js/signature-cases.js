// Cases for signatures of others, which a guest verifies with public keys. Node.js and a guest must answer alike.

const TEXT = 'signed by somebody else';

/** A public key of each kind, with its signature of the text. They were made with Node.js. */
const SIGNED = [
  {
    algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, use: { name: 'RSASSA-PKCS1-v1_5' },
    spki:
      'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApp4y2CnKTf71665sBZwoTrg8o51q6QvrmYekmoNj7D8rut57+EMHDdRVRB5hMtSdU/7wGgiKRf7kHRLSwD+r/r' +
      'YvwiRgBqw8CzNfl49ggPt8RW+JFq0yphiIsvGNRGuDmFWLujKGiVlyyiyfIUHtcaAPKn1N5I8iOXEMmVup0dIaLTmgTUDdyfSx+ColMtFNlkxBzjh6vm/1ouQfHYRBg7DE' +
      '3y2v2zCjn/TQax5V43rqvFFndPQi+6TUZqf6mj2ppUkifFIwaLJ3YWGhK2mXGoyliWeV76nhtaafkqNdBo3iQdjCBHsDp2P/oeYAvnDv2/8MUnoL2Wr4nVDu1A3/+wIDAQ' +
      'AB',
    signature:
      'KqQg6N9YGnkRdA5eThazsX+ddN64XhnzrTZ9va5lMYEm/dJl3Qa0S8wV7XeTHMM/luqMdH5zf17gAd9kPOK3QwZcaeqz3MUEm+yGp/tLMGyt17FvlLiMsTfIkXeQdObD8+' +
      'KH/OV1cSyB5rSbUVwt6dcHN83YNu5NOA1CoQ5wZ2Xb2reo0gXtHH3yAACglJzk7a//7UUPejcMibcOGOSBNocNzXBZBLPNxnKrtWfC2T8z/IsIhcUOwMJth/5LXICz6v2O' +
      'l5Qa90hT/V5lhwyB9MUP3OXwCGCoMJqPwDYM2HIVH/lvXVV6w0HFy70GTHQY2mZJehcA29OzWzNm6HEe4g==',
  },
  {
    algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1' }, use: { name: 'RSASSA-PKCS1-v1_5' },
    spki:
      'MIGdMA0GCSqGSIb3DQEBAQUAA4GLADCBhwKBgQDuoH1i1ZLcCwa9bqab+RdNyWUYGqJe5jL8V7x6ixixnA3/C+Q7v2TQDw6Rvm28rXPAVwIR2eTi6owHdkwpLPjv2BzawS' +
      'VE9HAGxKtAtWneyMsWY3M8cfUn8ZvF2hT35K36XLJ4t0P4cPQLyUw0rGwbZw9Ad6hYVWw2tBJjJxpAPQIBAw==',
    signature:
      'xVqNALeq1puGtbDrLl9CqHalF081ShjD4sscLC0MXLg9X6vVEkEnpxVVdg5jwkPX234mVLIQjLp8grnws9+78gxOqWoF1Rjp9GPz5OwjxXo6IdgfOI4Al/7ptdMQ+Wh1hV' +
      'rc165P6EN294iK3H27a7bE7KVua3zyIBXGZifRpEo=',
  },
  {
    algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' }, use: { name: 'RSASSA-PKCS1-v1_5' },
    spki:
      'MIGgMA0GCSqGSIb3DQEBAQUAA4GOADCBigKBggDPSa3r+Esvb19MPzPepHdxHdW65wzWjrKijbkdKdJPP2l96GDds6M6Hqsq0OBvjWffvHi+sfOSM0X3GOeQP3f6fB6Jmx' +
      'doGgcrKoKVuQc8PcTNLUf7cp5rBorIbvI+m42xkWN3CRnaoPGnvgqNUfyt5YnmlwEDr4ekMKCOduPoAPMCAwEAAQ==',
    signature:
      'GY2a/c/7csTTxJyaG7Dn2L/todSIeV1hV8pBleVh0wi9cjpZuI9C4WaAIQjVyylpIVGiIoa3CK3xcKPX3rz4PPDyAdA6cZ/IHANJcDL+6016f+XFKk9wRtXngUSFVh+QS0' +
      'Z700ZTfztMM+HUa/xdU+zy/TxNRaUwvEi/oEoBuni5',
  },
  {
    algorithm: { name: 'RSA-PSS', hash: 'SHA-256' }, use: { name: 'RSA-PSS', saltLength: 32 },
    spki:
      'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqB8XGZJXgaD2nPI+cnYZhq/FdMZg6aQfl1Ii0R0Bghw2oFUAO0Z+PSC6PNi32rXBA3RNSp6fgCe3JqnVqZhqR4' +
      'UBmR2Ja+dnkDgSvN4lWKQ5PHuE6SBuvtMyh6YDno4PinOCDmWnnUM/l6fA/6v6B0P4YpRTXPhbNfbYykdfcK03iD7OnWG6nTGLdg2O30kZiihHY4UNmPVl9o7c1EkNzpe4' +
      'gxqtBuokYjH8ZTkcEyK0/EdeuZR17zeNnkufYGclu5kOT4fXKYgnL/IbY+ZfVeHcWwV8H/m9iapmH0HYYYkMiYU17VTXKuCG/1DsDLJvKp8hkTbBtE3Tm0/AejF0gQIDAQ' +
      'AB',
    signature:
      'lJkobm5g6Vcgw19GYIUXNUs9QJPVMqP0b2KP4LTAZPHF9saBFQYGPD08Vo40kd2omFQPv8UPwg1yDCcgZAOJ9UCiOPuPj9t/WhC9ZP1/bYNY+b0pKXNGzaR/graHm0E0V6' +
      'lz0Y8Y6RMHL8OMNfIMwc5wB3bmyyM/90K8oYYIbFBHDzzoZfEpaB7M5OFXTXE96CHoDu7M7UDiO7nWdmToAKfh2IvcMBOzxHFCYLg1WiCOr/WJGRIiqbSlo34+ECNjqeck' +
      'Xv8H2/jbHBlYDcTENEgNaNMawFmcSTfyyqjfqzkh5ZiY3FP3a/eDZS/zTGKnhe8GsDnM0ao0eGoGEno49g==',
  },
  {
    algorithm: { name: 'RSA-PSS', hash: 'SHA-384' }, use: { name: 'RSA-PSS', saltLength: 0 },
    spki:
      'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDmEKQDAKphx5i94xRghPH53gNIfBO1I20n9IEjEuYfuZskremeGPQzBUF5XiOBASu8I6AB8TZ+G07dXWQn6QgLMedAoE' +
      'AkJv+6Y4d419XRyfdaSfQyy6a5mtz1nhRuEkGgKS90BclxLrsXtXDXhM0U2jjeICQXk3ItcF5fboeMLwIDAQAB',
    signature:
      'w7Dll91dLinONOGNa2qd5o7GWv24vbaBfii0vm5mwFaADwEOPAg+d5l0BZA8C1JtXtv3HYgKAb895nMDE312x4hZmcBSsZxSfShzXA9MdwIliagHQc34Hd018wqx1k/hL1' +
      'OCe7MWFMn/J0iYoCGSHJiqi0qF5OuBJtMtQBBt7wY=',
  },
  {
    algorithm: { name: 'ECDSA', namedCurve: 'P-256' }, use: { name: 'ECDSA', hash: 'SHA-256' },
    spki:
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEoEYQOUfGtJjHHmMSvOuzhyKTZnvTiSFuq2aMW7v3MD4PcuoaMh8UKKC8yEvw7DU2adnSHpii9l7tvQ74+W/Kaw==',
    signature:
      'b9hBC5sMtiYGA5+6qcuMvLwB6fL8w3t7bOwRChbK5NbM/+tcqC5MBjBjxm/7U0L1yBLD+OxyjeN9XeIONz+vGw==',
  },
  {
    algorithm: { name: 'ECDSA', namedCurve: 'P-384' }, use: { name: 'ECDSA', hash: 'SHA-384' },
    spki:
      'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEmQRuLm6nuXDoTM1gKi1zELQz9Ho1hBz+ho1XjMOHo8B+07Cb9M6utWG0JV0PW3lPwgxjNdSrqOoRAdFD6pGhydLg1Y8n6W0YZg' +
      'NVx3+GysXY72hbZrqMgQQaOOp8Mxna',
    signature:
      '6dhhHA8gru0K6dfoEZPR9nvdFZTC4wH/pNAOoTIEizyGwuuvlJEGSW8FkLN6BLbK6R0DospHu3f3Dq5N82wN3CsxOU3tIKXzFxDVuP5Z+RRfZeQrylQTskc6jYjm5t1C',
  },
  {
    algorithm: { name: 'ECDSA', namedCurve: 'P-384' }, use: { name: 'ECDSA', hash: 'SHA-256' },
    spki:
      'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE0WecN0VqvVEvQ6DzFBxeokc+Q4YwGoPGFy+v2GRauzvov9IWurh3q534fNqKlcvHL3IHBBIofiTDuhwiykRPpVAy95wFyvpdlp' +
      'Peflb8Vml8COY+XZOOJ5WlBCmVfztF',
    signature:
      '3JPt8zW8IFWDCffONLUB+Xlcc7OyONWNaJ2EHx4LZL+W7HsUSfMyyuX6e1qtuysv14kr8SD8342yn7SKbjsg3S67ducAiw6tc1wvSFVLdVad4zX04MTbAeA2gZFIxZw4',
  },
  {
    algorithm: { name: 'Ed25519' }, use: { name: 'Ed25519' },
    spki:
      'MCowBQYDK2VwAyEA5ptUBbwJDbe4im2Ev7zwXvWsRTh18tymPjdaECunpJI=',
    signature:
      '7WtITni+uF8gbIXd0vX4UWPsLzscvlPKrQfoiWlNkQdGhgoX+TlMVPPYE7B8YLos/QHfjMd1+AuVcMEDowWBBA==',
  },
];

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const shown = (value) => (value instanceof ArrayBuffer ? btoa(String.fromCharCode(...new Uint8Array(value))) : value);
const settled = (promise) => promise.then((value) => shown(value) ?? 'resolved', ({ name }) => name);
const sorted = (object) => Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1));

async function verified() {
  const { subtle } = crypto;
  const data = new TextEncoder().encode(TEXT);
  const answers = [];
  for (const { algorithm, use, spki, signature } of SIGNED) {
    const key = await subtle.importKey('spki', bytes(spki), algorithm, true, ['verify']);
    const jwk = await subtle.exportKey('jwk', key);
    const again = await subtle.importKey('jwk', jwk, algorithm, false, ['verify']);
    const [right, other] = [bytes(signature), bytes(signature)];
    other[other.length - 1] ^= 1;
    const { publicExponent, ...details } = key.algorithm;
    answers.push([
      key.type, key.extractable, key.usages, sorted(details), publicExponent && [...publicExponent], sorted(jwk), await settled(subtle.exportKey('spki', key)) === spki,
      await settled(subtle.verify(use, key, right, data)), await settled(subtle.verify(use, again, right, data)), await settled(subtle.verify(use, key, other, data)),
      await settled(subtle.verify(use, key, right, data.slice(1))), await settled(subtle.verify(use, key, right.slice(1), data)),
      await settled(subtle.verify(use, key, new Uint8Array(), data)),
    ]);
  }
  return answers;
}

async function refused() {
  const { subtle } = crypto;
  const [rsa, , , pss, , p256, p384, , ed] = SIGNED.map(({ algorithm, spki }) => ({ algorithm, spki: bytes(spki) }));
  const jwkOf = async ({ algorithm, spki }) => subtle.exportKey('jwk', await subtle.importKey('spki', spki, algorithm, true, ['verify']));
  const [rsaJwk, p256Jwk, edJwk] = await Promise.all([rsa, p256, ed].map(jwkOf));
  const off = (list) => list.map((byte, index) => (index === list.length - 1 ? byte ^ 1 : byte));
  const raw = async ({ algorithm, spki }) => subtle.exportKey('raw', await subtle.importKey('spki', spki, algorithm, true, ['verify']));
  const key = await subtle.importKey('spki', p256.spki, p256.algorithm, false, ['verify']);
  const calls = [
    ['spki', off(p256.spki), p256.algorithm, true, ['verify']], ['spki', p384.spki, p256.algorithm, true, ['verify']], ['spki', rsa.spki.slice(1), rsa.algorithm, true, ['verify']],
    ['spki', rsa.spki.slice(0, 40), rsa.algorithm, true, ['verify']], ['spki', p256.spki, rsa.algorithm, true, ['verify']], ['spki', rsa.spki, pss.algorithm, true, ['sign']],
    ['spki', p256.spki, p256.algorithm, true, ['encrypt']], ['spki', ed.spki.slice(1), ed.algorithm, true, ['verify']], ['raw', new Uint8Array(65), p256.algorithm, true, ['verify']],
    ['raw', new Uint8Array(31), ed.algorithm, true, ['verify']], ['spki', p256.spki, { name: 'ECDSA', namedCurve: 'none' }, true, ['verify']],
    ['jwk', { ...p256Jwk, crv: 'P-384' }, p256.algorithm, true, ['verify']], ['jwk', { ...p256Jwk, y: p256Jwk.x }, p256.algorithm, true, ['verify']],
    ['jwk', { ...rsaJwk, alg: 'RS512' }, rsa.algorithm, true, ['verify']], ['jwk', { ...rsaJwk, kty: 'EC' }, rsa.algorithm, true, ['verify']],
    ['jwk', { ...edJwk, use: 'enc' }, ed.algorithm, true, ['verify']], ['jwk', { ...edJwk, crv: 'X25519' }, ed.algorithm, true, ['verify']],
    ['spki', rsa.spki, { name: 'RSA-PSS' }, true, ['verify']], ['spki', rsa.spki, rsa.algorithm, true, []],
  ];
  const answers = [];
  for (const details of calls) answers.push(await settled(subtle.importKey(...details).then(({ type }) => type)));
  return [
    ...answers, await settled(raw(p256)), await settled(raw(p384)), await settled(raw(ed)),
    await settled(subtle.verify({ name: 'ECDSA' }, key, new Uint8Array(), new Uint8Array())),
    await settled(subtle.verify('Ed25519', key, new Uint8Array(), new Uint8Array())),
  ];
}

export const SIGNATURES = { verified, refusedKeys: refused };
