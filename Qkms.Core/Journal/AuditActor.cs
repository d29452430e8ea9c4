using Qkms.Core.Callers;

namespace Qkms.Core.Journal;

/// <summary>Who did what the journal tells of.</summary>
/// <param name="Kind"><c>api_key</c> or <c>system</c>.</param>
/// <param name="Id">The API key's id, or what part of the service it was.</param>
/// <param name="RequestId">The request, if one caused it.</param>
internal sealed record AuditActor(string Kind, string Id, Guid? RequestId)
{
    /// <summary>An API key.</summary>
    public static AuditActor Of(Caller caller) => new("api_key", caller.CredentialId.ToString(), caller.RequestId);

    /// <summary>A part of the service, by itself.</summary>
    public static AuditActor System(string part) => new("system", part, RequestId: null);
}
