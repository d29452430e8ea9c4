using FluentValidation;
using FluentValidation.Results;
using Qkms.Core;

namespace Qkms.Api.Http;

/// <summary>Checks a request with its validator before the handler sees it.</summary>
internal static class Validation
{
    /// <summary>Adds the check; a missing body is refused here too.</summary>
    public static RouteHandlerBuilder WithValidation<TRequest>(this RouteHandlerBuilder route, IValidator<TRequest> validator)
        where TRequest : class => route.WithMetadata(QueryNames.Of(typeof(TRequest))).AddEndpointFilter(async (context, next) =>
        {
            TRequest request = context.Arguments.OfType<TRequest>().FirstOrDefault() ?? throw BadRequests.NoBody();

            // Secrets of a request end with it, whatever becomes of it.
            if (request is IDisposable secrets)
                context.HttpContext.Response.RegisterForDispose(secrets);

            Check(validator, request);
            return await next(context);
        });

    /// <summary>The same for a body that may be absent.</summary>
    public static RouteHandlerBuilder WithOptionalValidation<TRequest>(this RouteHandlerBuilder route, IValidator<TRequest> validator)
        where TRequest : class => route.AddEndpointFilter(async (context, next) =>
        {
            if (context.Arguments.OfType<TRequest>().FirstOrDefault() is { } request)
                Check(validator, request);

            return await next(context);
        });

    private static void Check<TRequest>(IValidator<TRequest> validator, TRequest request)
    {
        ValidationResult result = validator.Validate(request);
        if (!result.IsValid)
            throw Refuse(result);
    }

    private static KmsException Refuse(ValidationResult result)
    {
        FieldError[] details = [.. result.Errors.Select(e => new FieldError(e.PropertyName, e.ErrorMessage))];
        return KmsErrors.Invalid.With(details is [FieldError one] ? $"'{one.Field}' {one.Message}." : "Several fields are not valid.", details);
    }
}
