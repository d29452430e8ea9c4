namespace Qkms.Api.Http;

/// <summary>
/// The example of a parameter. Swagger UI fills it in and sends it, so only parameters have one that should be sent, with a value that
/// works with the keys named 'demo'.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class ParameterExampleAttribute(string value) : Attribute
{
    public string Value { get; } = value;
}
