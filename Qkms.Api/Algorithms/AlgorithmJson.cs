using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Algorithms;

/// <summary>The answers about algorithms, as JSON.</summary>
[JsonSerializable(typeof(Envelope<AlgorithmListResponse>))]
internal sealed partial class AlgorithmJson : JsonSerializerContext;
