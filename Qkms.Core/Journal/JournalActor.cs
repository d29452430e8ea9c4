using Qkms.Core.Callers;

namespace Qkms.Core.Journal;

/// <summary>Who did what the journal tells of.</summary>
/// <param name="Kind"><c>api_key</c> or <c>system</c>.</param>
/// <param name="Id">The API key's id, or what part of the service it was.</param>
/// <param name="RequestId">The request, if one caused it, as its answer names it.</param>
/// <param name="ServerRequestId">The same by an id that the service made.</param>
internal sealed record JournalActor(string Kind, string Id, Guid? RequestId, Guid? ServerRequestId)
{
    /// <summary>The kind of an API key.</summary>
    public const string ApiKey = "api_key";

    /// <summary>An API key.</summary>
    public static JournalActor Of(Caller caller) =>
        new(ApiKey, caller.CredentialId.ToString(), caller.RequestId, caller.ServerRequestId);

    /// <summary>A part of the service, by itself.</summary>
    public static JournalActor System(string part) => new("system", part, RequestId: null, ServerRequestId: null);
}
