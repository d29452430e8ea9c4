using Qkms.Core.Algorithms;

namespace Qkms.Api.Fields;

/// <summary>The hash function of RSA-OAEP.</summary>
internal sealed class OaepHashFieldAttribute : FieldAttribute
{
    public OaepHashFieldAttribute() => (Words, Example) = ([.. OaepHash.All], OaepHash.Default);
}
