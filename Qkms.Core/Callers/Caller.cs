namespace Qkms.Core.Callers;

/// <summary>Who makes a request, as the API key says: everything that is done is done for this tenant.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="CredentialId">The API key.</param>
/// <param name="Access">What it may do.</param>
/// <param name="RequestId">The request, as the answer names it: the caller may have chosen the id, and may choose it again.</param>
internal sealed record Caller(TenantId TenantId, CredentialId CredentialId, Access Access, Guid RequestId)
{
    private List<RefusedItem>? _refusedItems;

    /// <summary>The request, by an id that the service made: for the journal.</summary>
    public Guid ServerRequestId { get; init; } = RequestId;

    /// <summary>When the API key ends; null = never, as far as it is known.</summary>
    public DateTimeOffset? ApiKeyEndsAt { get; init; }

    /// <summary>The key that the request is about: the one named last, where it is about several. Null for none.</summary>
    public TouchedKey? Touched { get; set; }

    /// <summary>The key that the request asks for, whether it is there or not: the one named last. Null for none.</summary>
    public AskedKey? Asked { get; set; }

    /// <summary>The items that were refused, where the request was not.</summary>
    public IReadOnlyList<RefusedItem> RefusedItems => _refusedItems ?? [];

    /// <summary>The soft usage limit that is reached, of the version with the fewest uses left; null for none.</summary>
    public UsageWarning? UsageWarning { get; set; }

    /// <summary>The soft expiry that has come, of the version that expires first; null for none.</summary>
    public ExpirationWarning? ExpirationWarning { get; set; }

    /// <summary>Takes note of an item that is refused.</summary>
    /// <param name="error">Why.</param>
    /// <param name="asked">The key that the item asks for.</param>
    public void NoteRefusedItem(KmsError error, AskedKey? asked) => (_refusedItems ??= []).Add(new RefusedItem(error, asked));

    /// <summary>Refuses what the API key may not do.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotPermitted"/>.</exception>
    public void Require(Permission permission)
    {
        if (!Access.Allows(permission))
            throw KmsErrors.NotPermitted.With($"This API key does not allow '{permission.ToWire()}'.");
    }

    /// <summary>
    /// Refuses to make a key of a name outside the API key's narrowing. This is the one refusal that says so: a key that is looked for
    /// under such a name is not there.
    /// </summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotPermitted"/>, the same whether or not there is such a key.</exception>
    public void RequireNewKey(KeyName name)
    {
        if (!Access.Covers(name))
            throw KmsErrors.NotPermitted.With(
                $"This API key may not make keys named '{name}': it is limited to other key names.",
                new FieldError("name", "is outside the key names that this API key is limited to"));
    }
}
