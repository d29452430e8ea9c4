using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Journal;

/// <summary>Answers about the journal, as JSON.</summary>
[JsonSerializable(typeof(Envelope<EventListResponse>))]
internal sealed partial class JournalJson : JsonSerializerContext;
