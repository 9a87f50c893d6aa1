// Runs models in ONNX Runtime:  node run_onnxruntime.js FOLDER
//
// FOLDER has a folder for each job: model.onnx, job.json {"inputs": [{"name", "type", "dims"}], "repeat": N} and
// input_I.bin. What has a result.json is left out. Each gets output_I.bin and result.json {"outputs": [{"type", "dims"}], "ms": fastest run} or {"error"}.
const fs = require('fs');
const path = require('path');
const ort = require('onnxruntime-node');

const kinds = {
  float32: Float32Array, float64: Float64Array, int64: BigInt64Array, uint8: Uint8Array, bool: Uint8Array,
  float16: Uint16Array, int32: Int32Array,
};

function read(file, kind) {
  const bytes = fs.readFileSync(file);
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return new kinds[kind](copy);
}

async function run(folder) {
  const job = JSON.parse(fs.readFileSync(path.join(folder, 'job.json')));
  const session = await ort.InferenceSession.create(path.join(folder, 'model.onnx'),
    {intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4});
  const feeds = {};
  job.inputs.forEach((input, i) => {
    const data = read(path.join(folder, `input_${i}.bin`), input.type);
    feeds[input.name] = new ort.Tensor(input.type, data, input.dims);
  });
  let results = await session.run(feeds);
  let fastest = Infinity;
  for (let i = 0; i < (job.repeat || 0); ++i) {
    const start = process.hrtime.bigint();
    results = await session.run(feeds);
    fastest = Math.min(fastest, Number(process.hrtime.bigint() - start) / 1e6);
  }
  const outputs = session.outputNames.map((name, i) => {
    const {data, dims, type} = results[name];
    fs.writeFileSync(path.join(folder, `output_${i}.bin`), Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    return {type, dims: Array.from(dims)};
  });
  await session.release();
  return {outputs, ms: fastest};
}

async function main() {
  for (const name of fs.readdirSync(process.argv[2]).sort()) {
    const folder = path.join(process.argv[2], name);
    if (fs.existsSync(path.join(folder, 'result.json'))) continue;
    let result;
    try {
      result = await run(folder);
    } catch (error) {
      result = {error: String(error.message || error).slice(0, 400)};
    }
    fs.writeFileSync(path.join(folder, 'result.json'), JSON.stringify(result));
  }
}

main();
