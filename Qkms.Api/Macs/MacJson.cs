using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Macs;

/// <summary>Requests and answers about MACs, as JSON.</summary>
[JsonSerializable(typeof(GenerateMacRequest))]
[JsonSerializable(typeof(Envelope<GenerateMacResponse>))]
[JsonSerializable(typeof(VerifyMacRequest))]
[JsonSerializable(typeof(Envelope<VerifyMacResponse>))]
internal sealed partial class MacJson : JsonSerializerContext;
